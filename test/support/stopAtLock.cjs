// By NODE_OPTIONS=--require: stops (STOP_SIGNAL) the process itself at step number STOP_AT of what it does to the lock file
// of SQLite: before and after it is opened, each statement on it, its deletion and its end. Says `stopped <step>` on stdout.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const at = Number(process.env.STOP_AT);
let count = 0;

function step(what) {
  count += 1;
  if (count !== at) return;
  fs.writeSync(1, `stopped ${what}\n`);
  process.kill(process.pid, process.env.STOP_SIGNAL || 'SIGSTOP');
}

function around(what, act) {
  step(`before ${what}`);
  try {
    return act();
  } finally {
    step(`after ${what}`);
  }
}

const isLockFile = (name) => /-knex-meta\.lock$/.test(String(name));

const path = require.resolve('better-sqlite3');
const Database = require(path);

class Stopped extends Database {
  constructor(filename, options) {
    if (!isLockFile(filename)) {
      super(filename, options);
      return;
    }
    step('before open');
    super(filename, options);
    step('after open');
  }

  prepare(sql) {
    const statement = super.prepare(sql);
    if (!isLockFile(this.name)) return statement;
    for (const method of ['run', 'all']) {
      const own = statement[method].bind(statement);
      statement[method] = (...args) => around(sql, () => own(...args));
    }
    return statement;
  }

  close() {
    return isLockFile(this.name) ? around('close', () => super.close()) : super.close();
  }
}

require.cache[path].exports = Stopped;

const { rmSync } = fs;
fs.rmSync = (name, options) =>
  isLockFile(name) ? around('deletion', () => rmSync(name, options)) : rmSync(name, options);
syncBuiltinESMExports();
