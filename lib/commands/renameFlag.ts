import { closest } from 'fastest-levenshtein';
import type { Rename as DiffRename } from '../diff/options.js';
import { KnexMetaError } from '../errors.js';
import type { Rename } from '../models/renames.js';
import { sameObject } from '../operations/operation.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';

/** What a model says was renamed, as the diff takes it. */
export function toDiff(rename: Rename): readonly DiffRename[] {
  const { schema, name } = rename;
  switch (rename.kind) {
    case 'table':
      return [{ kind: 'table', from: rename.from, to: { schema, name } }];
    case 'enum':
      return [{ kind: 'type', from: rename.from, to: { schema, name } }];
    case 'column':
      return [{ kind: 'column', table: { schema, name }, from: rename.from, to: rename.column }];
    case 'enum value':
      return [{ kind: 'enumValue', type: { schema, name }, from: rename.from, to: rename.value }];
    case 'view':
      return [];
  }
}

function usage(text: string): KnexMetaError {
  return new KnexMetaError(
    'USAGE',
    `--rename takes what was renamed as old:new, as in users.name:full_name, not "${text}".`,
    {
      remedy:
        'table.column:new_name, table:new_name, type.value:new_value or type:new_name, each with its schema before a dot if need be. It may be given more than once.',
    },
  );
}

function unknown(what: string, name: string, known: readonly string[]): KnexMetaError {
  const near = known.length === 0 ? '' : ` Did you mean ${closest(name, [...known])}?`;
  return new KnexMetaError('RENAME_UNKNOWN', `--rename: the models have no ${what} ${name}.${near}`, {
    remedy: 'The name behind the colon is the new one, as the models have it. Nothing was written.',
    details: { what, name },
  });
}

interface Schemas {
  readonly actual: DatabaseSchema;
  readonly desired: DatabaseSchema;
  readonly home: string | undefined;
}

const objectOf = (path: readonly string[], home: string | undefined): ObjectName => ({
  schema: path.length > 1 ? path.slice(0, -1).join('.') : home,
  name: path.at(-1) ?? '',
});

const namesOf = (objects: readonly ObjectName[]) => objects.map(({ name }) => name);

/** A table or type by its whole name. */
function renamedObject(
  from: ObjectName,
  to: ObjectName,
  { actual, desired }: Schemas,
): DiffRename | undefined {
  const has = (objects: readonly ObjectName[], wanted: ObjectName) =>
    objects.some((each) => sameObject(each, wanted));
  const isType = has(actual.enums, from) && !has(actual.tables, from);
  if (!isType && !has(actual.tables, from)) return undefined;
  const known = isType ? desired.enums : desired.tables;
  if (!has(known, to)) throw unknown(isType ? 'type' : 'table', to.name, namesOf(known));
  return isType ? { kind: 'type', from, to } : { kind: 'table', from, to };
}

/** A column of a table, or a value of a type; the table may be called by its old name when that changes too. */
function renamedPart(
  owner: ObjectName,
  from: string,
  to: string,
  { desired }: Schemas,
  objects: readonly DiffRename[],
): DiffRename | undefined {
  const moved = objects.find(
    (each) => (each.kind === 'table' || each.kind === 'type') && sameObject(each.from, owner),
  );
  const now = moved?.kind === 'table' || moved?.kind === 'type' ? moved.to : owner;
  const table = desired.tables.find((each) => sameObject(each, now));
  if (table !== undefined) {
    const columns = table.columns.map(({ name }) => name);
    if (!columns.includes(to)) throw unknown('column', `${now.name}.${to}`, columns);
    return { kind: 'column', table: now, from, to };
  }
  const type = desired.enums.find((each) => sameObject(each, now));
  if (type === undefined) return undefined;
  if (!type.values.includes(to)) throw unknown('value', `${now.name}.${to}`, type.values);
  return { kind: 'enumValue', type: now, from, to };
}

/**
 * What the --rename flags say.
 *
 * @throws KnexMetaError USAGE, RENAME_UNKNOWN
 */
export function readRenames(texts: readonly string[], schemas: Schemas): readonly DiffRename[] {
  const { home, desired } = schemas;
  const parsed = texts.map((text) => {
    const [from = '', to = '', ...more] = text.split(':');
    if (from === '' || to === '' || more.length > 0) throw usage(text);
    return { text, from: from.split('.'), to };
  });
  const objects = new Map(
    parsed.map((each) => {
      // A new name without a schema stays in the old one's.
      const old = objectOf(each.from, home);
      const path = each.to.split('.');
      const to = path.length > 1 ? objectOf(path, home) : { schema: old.schema, name: each.to };
      return [each, renamedObject(old, to, schemas)] as const;
    }),
  );
  const told = [...objects.values()].filter((each) => each !== undefined);
  return parsed.map((each) => {
    const object = objects.get(each);
    if (object !== undefined) return object;
    const part =
      each.from.length > 1
        ? renamedPart(objectOf(each.from.slice(0, -1), home), each.from.at(-1) ?? '', each.to, schemas, told)
        : undefined;
    if (part !== undefined) return part;
    const name = each.from.slice(0, Math.max(1, each.from.length - 1)).join('.');
    throw unknown('table or type', name, namesOf([...desired.tables, ...desired.enums]));
  });
}

/** A rename as --rename takes it, and in words. */
export function renameText(
  rename: DiffRename,
  home: string | undefined,
): { readonly flag: string; readonly from: string; readonly to: string } {
  const text = ({ schema, name }: ObjectName) =>
    schema === undefined || schema === home ? name : `${schema}.${name}`;
  switch (rename.kind) {
    case 'table':
    case 'type': {
      const [from, to] = [text(rename.from), text(rename.to)];
      return { flag: `--rename ${from}:${to}`, from, to };
    }
    case 'column':
    case 'enumValue': {
      const from = `${text(rename.kind === 'column' ? rename.table : rename.type)}.${rename.from}`;
      const pair = `${from}:${rename.to}`;
      const isPlain = /^[\w.:$-]+$/.test(pair);
      return { flag: `--rename ${isPlain ? pair : `'${pair}'`}`, from, to: rename.to };
    }
  }
}
