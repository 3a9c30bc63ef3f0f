// For NODE_OPTIONS=--require: lets call number FAIL_AT to the file system that writes below the folder FAIL_BELOW fail with
// ENOSPC, half done, or kills the process there (FAIL_HOW=kill). How many such calls there were is written to FAIL_COUNT.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const { FAIL_AT, FAIL_BELOW, FAIL_COUNT, FAIL_HOW } = process.env;
const { openSync, writeFileSync } = fs;
const files = new Set();
let count = 0;

const isBelow = (target) =>
  files.has(target) || (typeof target === 'string' && target.startsWith(FAIL_BELOW));

function hit(before) {
  count += 1;
  if (count !== Number(FAIL_AT)) return;
  before();
  if (FAIL_HOW === 'kill') process.kill(process.pid, 'SIGKILL');
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
}

for (const name of ['renameSync', 'linkSync', 'copyFileSync', 'fsyncSync', 'fchmodSync']) {
  const own = fs[name];
  fs[name] = (...args) => {
    if (isBelow(args[0])) hit(() => {});
    return own(...args);
  };
}
fs.writeFileSync = (target, text, ...rest) => {
  if (isBelow(target))
    hit(() => writeFileSync(target, String(text).slice(0, String(text).length / 2), ...rest));
  return writeFileSync(target, text, ...rest);
};
fs.openSync = (path, flags, ...rest) => {
  const writes = typeof flags === 'string' && /[wa+]/.test(flags) && isBelow(path);
  if (writes) hit(() => {});
  const file = openSync(path, flags, ...rest);
  if (writes) files.add(file);
  else files.delete(file);
  return file;
};
syncBuiltinESMExports();
process.on('exit', () => writeFileSync(FAIL_COUNT, String(count)));
