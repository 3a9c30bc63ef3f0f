#!/usr/bin/env node
// A reader that goes away, as in `| head -1`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const { main } = await import('../lib/cli/main.js');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const isKnexMissing = code === 'ERR_MODULE_NOT_FOUND' && /'knex'/.test(message);
  console.error(isKnexMissing ? 'Error: knex is not installed here.\nnpm install knex' : message);
  process.exitCode = isKnexMissing ? 2 : 1;
}
