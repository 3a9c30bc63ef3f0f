import type { Knex } from 'knex';
import { namedSchemas } from '../../../config/searchPath.js';
import { quoteText } from '../identifiers.js';
import { readRows } from '../introspect/rows.js';

/** What decides where an object without a schema goes, and how the server writes names. */
export interface Surroundings {
  /** The schemas on the search path that exist, in order. */
  readonly path: readonly string[];
  /** Where an object goes that names no schema. */
  readonly home: string;
  /** Whether the server quotes a schema's name, where it is known from the path or was asked for. */
  readonly needsQuotes: (schema: string) => boolean;
  /** Asks the server of further names. */
  readonly ask: (schemas: readonly string[]) => Promise<void>;
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

/** The schema of the configuration that is created before the first migration where none of the path exists. */
function configuredHome(db: Knex): string | undefined {
  return namedSchemas((db.client as { config: { readonly searchPath?: unknown } }).config.searchPath)[0];
}

const textArray = (names: readonly string[]): string =>
  `array[${names.map((name) => quoteText(name)).join(', ')}]::text[]`;

/** Of names in an SQL array, those that the server quotes. */
const quotedOf = (names: string): string =>
  `array(select n from pg_catalog.unnest(${names}) n where pg_catalog.quote_ident(n) <> n)`;

export async function readSurroundings(db: Knex): Promise<Surroundings> {
  const configured = configuredHome(db);
  const likely = ['public', 'pg_catalog', ...(configured === undefined ? [] : [configured])];
  const [row] = await readRows<SurroundingsRow>(
    db,
    `select pg_catalog.current_schemas(false) as path, pg_catalog.current_setting('search_path') as setting,
      ${quotedOf(`pg_catalog.current_schemas(false)::text[] || ${textArray(likely)}`)} as quoted`,
  );
  const path = row?.path ?? [];
  const known = new Set([...path, ...likely]);
  const quoted = new Set(row?.quoted);
  const ask = async (schemas: readonly string[]): Promise<void> => {
    const news = schemas.filter((name) => !known.has(name));
    if (news.length === 0) return;
    const [found] = await readRows<Pick<SurroundingsRow, 'quoted'>>(
      db,
      `select ${quotedOf(textArray(news))} as quoted`,
    );
    for (const name of news) known.add(name);
    for (const name of found?.quoted ?? []) quoted.add(name);
  };
  const home = path[0] ?? configured ?? firstNamed(row?.setting ?? '') ?? 'public';
  return { path, home, needsQuotes: (name) => quoted.has(name), ask };
}
