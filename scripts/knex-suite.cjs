// Preloaded into Knex's own tests by knex-suite.sh: every instance that they make is one of knex-meta's.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const fromKnex = createRequire(join(process.cwd(), 'package.json'));
// First: it takes Knex's own function, before that is replaced.
const { withMeta } = fromKnex('knex-meta');
const stock = fromKnex('./lib/index.js');

/** As Knex's function takes it: a configuration, or the text of a connection. */
function swapped(config, ...rest) {
  const isHooked = typeof config === 'object' && config.client !== undefined;
  return stock(isHooked ? withMeta(config) : config, ...rest);
}

Object.assign(swapped, stock, { default: swapped, knex: swapped });
for (const file of ['./lib/index.js', './knex.js']) fromKnex.cache[fromKnex.resolve(file)].exports = swapped;
