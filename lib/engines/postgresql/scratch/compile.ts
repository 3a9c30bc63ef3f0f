import type { Knex } from 'knex';
import type { ClientInternals } from '../../../metadata/knexInternals.js';
import { takeTurns } from '../../../turns.js';
import { compile, type Piece } from '../../scratch.js';
import type { ScratchObject } from '../../scratchObject.js';
import { withoutBindings } from '../identifiers.js';
import type { ScratchNames } from './names.js';
import type { Surroundings } from './surroundings.js';
import { type PlainTable, parsePlain } from './unchanged/parse.js';

/** An object with the statements that make it in its scratch schema. */
export interface Compiled extends Piece {
  /** What the statements of a table say, where they are plain. */
  readonly plain: PlainTable | undefined;
}

/** A Knex whose own change of identifiers leaves the scratch schemas' names alone. */
function keepingNames(db: Knex, { isScratch }: ScratchNames): Knex {
  // A client of its own, on the same pool; a transaction has one already.
  const clone = db.isTransaction ? db : db.withUserParams({});
  const client = clone.client as ClientInternals;
  const wrap = client.customWrapIdentifier.bind(client);
  client.customWrapIdentifier = (value, own, context) =>
    isScratch(value) ? own(value) : wrap(value, own, context);
  return clone;
}

/** The statements of objects, written while the server is busy with something else. */
export async function compileAll(
  db: Knex,
  objects: readonly ScratchObject[],
  names: ScratchNames,
  { home, ask }: Surroundings,
): Promise<readonly Compiled[]> {
  await ask(objects.map(({ schema }) => schema ?? home));
  const clone = keepingNames(db, names);
  const compiled: Compiled[] = [];
  const others = takeTurns();
  for (const object of objects) {
    const schema = names.scratchOf(object.schema ?? home);
    const piece = compile(clone, object, schema, withoutBindings);
    compiled.push({ ...piece, plain: object.kind === 'table' ? parsePlain(piece, schema) : undefined });
    await others();
  }
  return compiled;
}
