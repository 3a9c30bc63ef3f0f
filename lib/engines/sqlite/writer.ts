import { readFileSync, statSync } from 'node:fs';

const UNKNOWN = 'another process';

/** The file's key in /proc/locks: device and inode. */
function keyOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file);
    const hex = (number: number) => number.toString(16).padStart(2, '0');
    // Linux's own encoding of major and minor in the low bits, as `stat` gives it.
    return `${hex((dev >> 8) & 0xfff)}:${hex((dev & 0xff) | ((dev >> 12) & 0xfff00))}:${ino}`;
  } catch {
    return undefined;
  }
}

function commandOf(pid: string): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 120)})`;
  } catch {
    return '';
  }
}

/** Who has the write lock of a database file: the process and its command, where the system (Linux) tells. */
export function identifyWriter(file: string | undefined): string {
  if (file === undefined) return UNKNOWN;
  const keys = [file, `${file}-shm`].map(keyOf).filter((key) => key !== undefined);
  let locks: string;
  try {
    locks = readFileSync('/proc/locks', 'utf8');
  } catch {
    return UNKNOWN;
  }
  for (const line of locks.split('\n')) {
    const [, , , mode, pid = '', key = ''] = line.trim().split(/\s+/);
    if (mode !== 'WRITE' || Number(pid) === process.pid || Number(pid) <= 0) continue;
    if (keys.includes(key)) return `process ${pid}${commandOf(pid)}`;
  }
  return UNKNOWN;
}
