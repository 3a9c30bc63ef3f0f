import type { Knex } from 'knex';
import { quoteText } from '../identifiers.js';
import { readRows } from '../introspect/rows.js';

/** What decides where an object without a schema goes, and how the server writes names. */
export interface Surroundings {
  /** The schemas on the search path that exist, in order. */
  readonly path: readonly string[];
  /** Where an object goes that names no schema. */
  readonly home: string;
  /** Of the schemas that were asked for, those whose names need quotes. */
  readonly quoted: ReadonlySet<string>;
}

interface SurroundingsRow {
  readonly path?: readonly string[];
  readonly setting: string;
  readonly quoted?: readonly string[];
}

/** The first schema of a `search_path` setting that is a name. */
function firstNamed(setting: string): string | undefined {
  const names = [...setting.matchAll(/"((?:[^"]|"")+)"|([^\s,"]+)/g)];
  const found = names.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
  return found.find((name) => name !== '$user');
}

/** The first schema of the configuration: where it is missing, it is made before the first migration. */
function configuredHome(db: Knex): string | undefined {
  const { searchPath } = (db.client as { config: { searchPath?: string | readonly string[] } }).config;
  const [first] = [searchPath ?? []].flat();
  return first === undefined || /[$,]/.test(first) ? undefined : first;
}

export async function readSurroundings(db: Knex, schemas: readonly string[]): Promise<Surroundings> {
  const list = ['', ...schemas].map((name) => quoteText(name)).join(', ');
  const [row] = await readRows<SurroundingsRow>(
    db,
    `select pg_catalog.current_schemas(false) as path, pg_catalog.current_setting('search_path') as setting,
      array(select n from pg_catalog.unnest(array[${list}]) n where pg_catalog.quote_ident(n) <> n and n <> '') as quoted`,
  );
  const path = row?.path ?? [];
  return {
    path,
    home: configuredHome(db) ?? path[0] ?? firstNamed(row?.setting ?? '') ?? 'public',
    quoted: new Set(row?.quoted),
  };
}
