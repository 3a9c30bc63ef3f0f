import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import type { RenamedColumn } from '../metadata/renamedFrom.js';
import { wrapName } from '../metadata/target.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { WrittenText } from '../schema/written.js';
import { scratchObjectOf } from './build.js';
import type { AnyModel } from './definition.js';
import { type Rename, renamesOf } from './renames.js';

/** What the models ask for, beside what the database has. */
export interface Desired {
  readonly schema: DatabaseSchema;
  readonly actual: DatabaseSchema;
  readonly renames: readonly Rename[];
  /** The schema that a model without one means; undefined where the engine has none. */
  readonly home: string | undefined;
  /** Texts of the models that the engine writes in other words. */
  readonly written: readonly WrittenText[];
  /** Definitions of objects that this engine does not have. */
  readonly passedOver: readonly AnyModel[];
}

export interface DesiredOptions {
  /** What the database has, as `Engine.introspect` reads it; without it, it is read. */
  readonly actual?: DatabaseSchema | undefined;
  /** Where the models are built when it cannot be done in the database itself. */
  readonly shadow?: Knex | undefined;
}

/**
 * The schema that models ask for, as the engine itself writes it: it builds them for a moment and reads them back.
 *
 * @param db - a Knex with the hook of knex-meta, so that tables get their metadata as in a migration
 * @param loading - the models; the database is read while they are loaded
 * @throws KnexMetaError MODEL_BUILD_FAILED, SCRATCH_REFUSED, and what `loading` throws
 */
export async function readDesired(
  engine: Engine,
  db: Knex,
  loading: Promise<readonly AnyModel[]>,
  { actual: known, shadow }: DesiredOptions,
): Promise<Desired> {
  const isOwn = ({ kind }: AnyModel): boolean => engine.objectKinds.includes(kind);
  const columns = new Map<AnyModel, readonly RenamedColumn[]>();
  const objects = loading.then((models) =>
    models
      .filter(isOwn)
      .map((model) =>
        scratchObjectOf(db, model, engine.hasSchemas, (renamed) => columns.set(model, renamed)),
      ),
  );
  // Where the database cannot be read, nobody asks for them.
  objects.catch(() => {});
  const { actual, desired, home, written } = await engine.readBoth(db, { objects, actual: known, shadow });
  const models = await loading;
  const wrap = (name: string): string => wrapName(db.client as ClientInternals, name, undefined);
  return {
    schema: desired,
    actual,
    home,
    written,
    renames: models
      .filter(isOwn)
      .flatMap((model) => renamesOf(model, columns.get(model) ?? [], { wrap, home })),
    passedOver: models.filter((model) => !isOwn(model)),
  };
}
