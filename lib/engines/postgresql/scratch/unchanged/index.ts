import type { Knex } from 'knex';
import type { Table } from '../../../../schema/table.js';
import { wordsOf } from '../../../scratch.js';
import type { ScratchObject } from '../../../scratchObject.js';
import type { Compiled } from '../compile.js';
import type { ScratchNames } from '../names.js';
import type { ScratchRequest } from '../request.js';
import { type Resolve, unchangedTable } from './compare.js';
import type { PlainTable } from './parse.js';
import { probeColumns } from './probe.js';

interface Candidate {
  readonly object: ScratchObject;
  readonly plain: PlainTable;
  readonly actual: Table;
}

/** No name has a NUL. */
const keyOf = (schema: string | undefined, name: string): string => `${schema}\0${name}`;

const isHeir = ({ plain, statements }: Compiled): boolean =>
  plain === undefined && statements.some(({ sql }) => /\binherits\b/i.test(sql));

/** The words of what may make something on a table that is not in the table's own statements, or has its columns. */
function wordsOfOthers(pieces: readonly Compiled[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const piece of pieces) {
    const { object, statements } = piece;
    const isTold = object.kind === 'table' ? isHeir(piece) : /^(sql|trigger)$/.test(object.kind);
    if (!isTold) continue;
    for (const { sql } of statements) for (const word of wordsOf(sql, (each) => each)) words.add(word);
  }
  return words;
}

function candidatesOf(
  pieces: readonly Compiled[],
  { actual }: ScratchRequest,
  home: string,
): readonly Candidate[] {
  const tables = new Map(actual.tables.map((table) => [keyOf(table.schema, table.name), table]));
  const touched = wordsOfOthers(pieces);
  return pieces.flatMap(({ object, plain }) => {
    const table = tables.get(keyOf(object.schema ?? home, object.name));
    const isPlain = table !== undefined && plain !== undefined && !touched.has(object.name);
    return isPlain ? [{ object, plain, actual: table }] : [];
  });
}

/** Where an unqualified name is found: what has the name now, and what the models put there. */
function resolver(
  request: ScratchRequest,
  names: ScratchNames,
  path: readonly string[],
  home: string,
): Resolve {
  const known = new Set(request.actual.tables.map(({ schema, name }) => keyOf(schema, name)));
  for (const { kind, schema, name } of request.objects)
    if (kind === 'table') known.add(keyOf(schema ?? home, name));
  return (written) => {
    const [schema, name] = written.length === 1 ? [undefined, written[0]] : written;
    if (name === undefined) return undefined;
    if (schema !== undefined) return { schema: names.toReal(schema), name };
    const found = path.find((each) => known.has(keyOf(each, name)));
    return found === undefined ? undefined : { schema: found, name };
  };
}

/**
 * The tables that are already what their models ask for. Most are, on most days, and making a table takes the server
 * milliseconds: of such a table only the columns are shown to the server, each different one once, and all else is
 * compared as it is written. Where anything differs or is not plain, the table is built.
 */
export async function unchangedTables(
  trx: Knex.Transaction,
  pieces: readonly Compiled[],
  request: ScratchRequest,
  names: ScratchNames,
  { path, home }: { readonly path: readonly string[]; readonly home: string },
): Promise<ReadonlyMap<ScratchObject, Table>> {
  const candidates = candidatesOf(pieces, request, home);
  if (candidates.length < FEW) return new Map();
  const probe = await probeColumns(
    trx,
    candidates.map(({ plain }) => plain),
    names.probe,
  );
  const resolve = resolver(request, names, path, home);
  return new Map(
    candidates.flatMap(({ object, plain, actual }) => {
      const table = unchangedTable(plain, actual, probe, resolve);
      return table === undefined ? [] : [[object, table] as const];
    }),
  );
}

/** Of so few tables each is built: the probe takes as long. */
const FEW = 10;
