// Preloaded into a library's own tests by application-suite.sh: every Knex that they make is one of knex-meta's, with
// `visible: false`. Without HOOKED it is stock Knex, so that both runs use the same driver.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const fromLibrary = createRequire(join(process.cwd(), 'package.json'));
const stock = fromLibrary('knex');
const { withMeta } = fromLibrary('knex-meta');
const meta = { visible: false, ...JSON.parse(process.env.META ?? '{}') };
const driver = process.env.SQLITE_DRIVER ?? 'better-sqlite3';

/** A pool that speaks to a connection in the words of the driver sqlite3. */
function poolFor(pool) {
  const { afterCreate } = pool;
  if (afterCreate === undefined) return pool;
  const withRun = (connection) =>
    Object.assign(connection, {
      run: (sql, done) => {
        connection.exec(sql);
        done(null);
      },
    });
  return { ...pool, afterCreate: (connection, done) => afterCreate(withRun(connection), done) };
}

/** As Knex's function takes it: a configuration, or the text of a connection. */
function swapped(config, ...rest) {
  if (!/^(pg|postgres|postgresql|better-sqlite3|sqlite3)$/.test(config?.client))
    return stock(config, ...rest);
  const isOther = config.client === 'sqlite3' && driver !== 'sqlite3';
  const own = isOther ? { ...config, client: driver, pool: poolFor(config.pool ?? {}) } : config;
  return stock(process.env.HOOKED ? withMeta({ ...own, meta }) : own, ...rest);
}

Object.assign(swapped, stock, { default: swapped, knex: swapped });
fromLibrary.cache[fromLibrary.resolve('knex')].exports = swapped;
