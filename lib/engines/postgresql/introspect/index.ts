import type { Knex } from 'knex';
import type { DatabaseSchema } from '../../../schema/database.js';
import { groupBy } from '../../groupBy.js';
import { READS_CATALOG } from '../identifiers.js';
import { readCasts } from './casts.js';
import { readColumns } from './columns.js';
import { readConstraints } from './constraints.js';
import { readDependencies } from './dependencies.js';
import { readExtensions } from './extensions.js';
import { functionOf, readFunctions } from './functions.js';
import { readIndexes, readIndexWords } from './indexes.js';
import { readOthers } from './others.js';
import { readRelations } from './relations.js';
import { readScope } from './scope.js';
import { readSequences, sequenceOf } from './sequences.js';
import { type RelationParts, tableOf, viewOf } from './tables.js';
import { readTriggers } from './triggers.js';
import { readTypes } from './types.js';

async function read(db: Knex, names: readonly string[] | undefined): Promise<DatabaseSchema> {
  const { scope, schemas } = await readScope(db, names);
  // Three queries and not one: a project may have a limit for the time that one takes.
  const [relations, columns] = await Promise.all([readRelations(scope), readColumns(scope)]);
  const [sequences, constraints, indexes, words, triggers] = await Promise.all([
    readSequences(scope),
    readConstraints(scope),
    readIndexes(scope),
    readIndexWords(scope),
    readTriggers(scope),
  ]);
  const reading = readDependencies(scope);
  const [functions, dependencies, types, extensions, others, casts] = await Promise.all([
    readFunctions(scope),
    reading,
    readTypes(scope, reading),
    readExtensions(scope),
    readOthers(scope, reading),
    readCasts(scope),
  ]);

  const parts: RelationParts = {
    columns: groupBy(columns, ({ relation }) => relation),
    sequences: groupBy(sequences, ({ owner }) => owner),
    constraints: groupBy(constraints, ({ relation }) => relation),
    indexes: groupBy(indexes, ({ relation }) => relation),
    triggers: groupBy(triggers, ({ relation }) => relation),
    dependencies,
    words,
  };
  const isTable = ({ kind }: { readonly kind: string }) => kind === 'r' || kind === 'p';
  const tables = relations.filter(isTable).map((row) => tableOf(row, parts));
  const numbering = new Set(
    tables.flatMap((table) =>
      table.columns.flatMap(({ numbering: by }) =>
        by === undefined || by.kind === 'rowid' ? [] : [`${by.sequence.schema}.${by.sequence.name}`],
      ),
    ),
  );
  return {
    schemas,
    tables,
    views: relations.filter((row) => !isTable(row)).map((row) => viewOf(row, parts)),
    functions: functions.map((row) => functionOf(row, dependencies.get(row.id) ?? [])),
    extensions,
    ...types,
    sequences: sequences.filter(({ schema, name }) => !numbering.has(`${schema}.${name}`)).map(sequenceOf),
    others,
    ...casts,
  };
}

/** What the server says when an object of the snapshot was dropped by another session before it was written out. */
const GONE = 'XX000';
const ATTEMPTS = 5;

async function readInTransaction(db: Knex, names: readonly string[] | undefined): Promise<DatabaseSchema> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const inOne = async (trx: Knex.Transaction): Promise<DatabaseSchema> => {
        await trx.raw(READS_CATALOG);
        return read(trx, names);
      };
      return await db.transaction(inOne, { isolationLevel: 'repeatable read', readOnly: true });
    } catch (error) {
      if (attempt === ATTEMPTS || (error as { readonly code?: unknown }).code !== GONE) throw error;
    }
  }
}

/**
 * See `Engine.introspect`: one transaction and four queries, whatever the number of tables. Names in expressions
 * are written as the connection's search_path asks for.
 */
export function introspect(db: Knex, schemas?: readonly string[]): Promise<DatabaseSchema> {
  // The caller's own transaction sees what it has made.
  return db.isTransaction ? read(db, schemas) : readInTransaction(db, schemas);
}
