/** What a command writes to stdout with, and gives back at its end. */
export interface Stdout {
  readonly write: (text: string) => void;
  readonly release: () => void;
}

/** Why an output could not be written to, the first time. A reader that went away, as in `| head -1`, is no failure. */
let failure: NodeJS.ErrnoException | undefined;

function remember(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') failure ??= error;
}

/**
 * Makes outputs that are closed or full no concern of the command: a run goes on, and finishes its migration and its
 * record. Some streams throw in `write`, others give the error later.
 */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', remember);
    const own = stream.write;
    stream.write = ((...args: Parameters<typeof own>) => {
      try {
        return own.apply(stream, args);
      } catch (error) {
        remember(error as NodeJS.ErrnoException);
        return false;
      }
    }) as typeof own;
  }
}

/** Why what was written did not arrive; undefined when all of it did. */
export function lostOutput(): string | undefined {
  return failure?.message;
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
    if (stream.destroyed || !stream.writable) continue;
    await new Promise<void>((done) => stream.write('', () => done()));
  }
}
