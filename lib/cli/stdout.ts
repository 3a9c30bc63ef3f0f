/** What a command writes to stdout with, and gives back at its end. */
export interface Stdout {
  readonly write: (text: string) => void;
  readonly release: () => void;
}

export function openStdout(): Stdout {
  return { write: (text) => void process.stdout.write(text), release: () => {} };
}

/**
 * Takes stdout for the one document of --json: whatever a knexfile, a migration or a seed prints, by console or by
 * the stream itself, goes to stderr until it is released.
 */
export function reserveStdout(): Stdout {
  const own = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof own;
  return {
    write: (text) => void own.call(process.stdout, text),
    release: () => {
      process.stdout.write = own;
    },
  };
}

/** Waits until what was written has left the process: on some systems a pipe is written behind its back. */
export async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((done) => stream.write('', () => done()));
  }
}
