import { fileURLToPath } from 'node:url';

/** Where something was written. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()]+?):(\d+):\d+\)?$/;

/** Files by how stacks call them: many lines are of one file. */
const paths = new Map<string, string>();

function pathOf(written: string): string {
  const known = paths.get(written);
  if (known !== undefined) return known;
  const path = written.startsWith('file:') ? fileURLToPath(written) : written;
  paths.set(written, path);
  return path;
}

function placeOfFrame(frame: string): Place | undefined {
  const [, written, line] = FRAME.exec(frame.trim()) ?? [];
  if (written === undefined || written.startsWith('node:')) return undefined;
  return { file: pathOf(written), line: Number(line) };
}

/** The first frame in code of a file for which `is` holds. */
function findFrame(stack: string | undefined, is: (place: Place) => boolean): Place | undefined {
  for (const line of (stack ?? '').split('\n')) {
    const place = placeOfFrame(line);
    if (place !== undefined && is(place)) return place;
  }
  return undefined;
}

/** Where the function that was given was called; undefined where the stack does not say. */
export function placeOfCall(callee: (...args: never[]) => unknown): Place | undefined {
  const { stackTraceLimit } = Error;
  const holder: { stack?: string } = {};
  try {
    // Each frame costs: a thousand models are a thousand stacks. The caller may be below `map` and the like.
    Error.stackTraceLimit = 3;
    Error.captureStackTrace(holder, callee);
    return findFrame(holder.stack, () => true);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The line of a file that an error comes from, also where the file could not even be read as code. */
export function lineOfError(error: unknown, file: string): number | undefined {
  const { stack } = error as { stack?: string };
  const frame = findFrame(stack, (each) => each.file === file);
  if (frame !== undefined) return frame.line;
  // A SyntaxError has its place in the first line, Node's loader without and jiti with a column.
  const text = `${stack ?? ''}\n${String((error as { message?: unknown }).message ?? '')}`;
  const at = text.indexOf(`${file}:`);
  const line = /^\d+/.exec(at < 0 ? '' : text.slice(at + file.length + 1))?.[0];
  return line === undefined ? undefined : Number(line);
}
