#!/usr/bin/env node
/** What keeps the command line itself from being loaded: there is no output module yet to say it. */
function cannotStart(error: unknown): number {
  const { code, message } = error as NodeJS.ErrnoException;
  const isKnexMissing = /MODULE_NOT_FOUND$/.test(code ?? '') && /'knex'/.test(message);
  const said = isKnexMissing
    ? {
        code: 'DRIVER_MISSING',
        message: 'knex is not installed here.',
        remedy: 'npm install knex',
        details: {},
      }
    : { code: 'UNEXPECTED', message, remedy: '', details: {} };
  if (process.argv.includes('--json')) console.log(JSON.stringify({ ok: false, error: said }, undefined, 2));
  else console.error(`Error ${said.code}: ${said.message}\n${said.remedy}`.trim());
  return isKnexMissing ? 2 : 1;
}

let exitCode: number;
try {
  const { main } = await import('../lib/cli/main.js');
  exitCode = await main(process.argv.slice(2));
} catch (error) {
  exitCode = cannotStart(error);
}
// As stock Knex does: a pool or timer that a migration left open must not keep the process alive.
process.exit(exitCode);
