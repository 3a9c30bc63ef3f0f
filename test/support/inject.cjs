// For a knexfile of a test: signals the process itself before its statement number INJECT_AT, and writes down how
// many statements it came to.
const { writeFileSync } = require('node:fs');

module.exports = (config) => {
  const at = Number(process.env.INJECT_AT);
  const signal = process.env.INJECT_SIGNAL || 'SIGKILL';
  let count = 0;
  const hit = () => {
    count += 1;
    if (count === at) process.kill(process.pid, signal);
  };
  process.on('exit', () => {
    if (process.env.INJECT_COUNT) writeFileSync(process.env.INJECT_COUNT, String(count));
  });
  const counting = (object, method) => {
    const own = object[method].bind(object);
    object[method] = (...args) => {
      hit();
      return own(...args);
    };
  };
  const afterCreate = (connection, done) => {
    counting(connection, typeof connection.prepare === 'function' ? 'prepare' : 'query');
    done(null, connection);
  };
  return { ...config, pool: { ...config.pool, afterCreate } };
};
