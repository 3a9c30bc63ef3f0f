import { fileURLToPath } from 'node:url';

/** Where something was written. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()]+?):(\d+):\d+\)?$/;

function placeOfFrame(frame: string): Place | undefined {
  const [, path, line] = FRAME.exec(frame.trim()) ?? [];
  if (path === undefined || path.startsWith('node:')) return undefined;
  return { file: path.startsWith('file:') ? fileURLToPath(path) : path, line: Number(line) };
}

function framesOf(stack: string | undefined): readonly Place[] {
  return (stack ?? '').split('\n').flatMap((line) => placeOfFrame(line) ?? []);
}

/** Where the function that was given was called; undefined where the stack does not say. */
export function placeOfCall(callee: (...args: never[]) => unknown): Place | undefined {
  const { stackTraceLimit } = Error;
  const holder: { stack?: string } = {};
  try {
    // Each frame costs: a thousand models are a thousand stacks. The caller may be below `map` and the like.
    Error.stackTraceLimit = 3;
    Error.captureStackTrace(holder, callee);
    return framesOf(holder.stack)[0];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The line of a file that an error comes from, also where the file could not even be read as code. */
export function lineOfError(error: unknown, file: string): number | undefined {
  const { stack } = error as { stack?: string };
  const frame = framesOf(stack).find((each) => each.file === file);
  if (frame !== undefined) return frame.line;
  // A SyntaxError has its place in the first line, Node's loader without and jiti with a column.
  const text = `${stack ?? ''}\n${String((error as { message?: unknown }).message ?? '')}`;
  const at = text.indexOf(`${file}:`);
  const line = /^\d+/.exec(at < 0 ? '' : text.slice(at + file.length + 1))?.[0];
  return line === undefined ? undefined : Number(line);
}
