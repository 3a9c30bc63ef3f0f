import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { requireFrom, requireHere } from './here.js';

/**
 * Says in words what a missing or unfit driver would otherwise say in a stack trace.
 *
 * @throws KnexMetaError DRIVER_MISSING, DRIVER_BROKEN
 */
export function checkDriver(engine: Engine, client: string): void {
  const driver = engine.driverOf(client);
  // Knex requires the driver, so it is looked for from where Knex is.
  const fromKnex = requireFrom(requireHere().resolve('knex'));
  let manifest: string;
  try {
    manifest = fromKnex.resolve(`${driver}/package.json`);
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return;
    throw new KnexMetaError(
      'DRIVER_MISSING',
      `The driver \`${driver}\` for ${engine.title} is not installed.`,
      {
        remedy: `npm install ${driver}`,
        details: { driver, client },
      },
    );
  }
  const { version } = fromKnex(manifest) as { version: string };
  const problem = engine.driverProblem(driver, version, process.version.slice(1));
  if (problem !== undefined) {
    throw new KnexMetaError('DRIVER_BROKEN', problem, {
      details: { driver, version, node: process.version },
    });
  }
}
