import { frameOf } from '../block.js';
import { knownLoops, RECONCILE_DECLARATIONS } from '../trigger.js';

/** A function of one session. */
const nameOf = (index: number): string => `pg_temp.knex_meta_reconcile_${index}`;
const ARGUMENT = /^rels /;

/** Statements in which what the blocks of all tables have in common is said once. */
export interface ShortBlocks {
  /** Makes the functions that the statements call. */
  readonly before: readonly string[];
  readonly statements: readonly string[];
  readonly after: readonly string[];
}

/**
 * The block that makes a table's trigger is long, and the same for every table but for its first lines. As a function of the
 * session the server reads and plans it once.
 */
export function shortBlocks(statements: readonly string[]): ShortBlocks {
  const loops = knownLoops().map((loop, index) => {
    const { tag, head, tail } = frameOf(RECONCILE_DECLARATIONS, loop);
    return { loop, index, open: `do ${tag}${head}`, close: `${loop}${tail}${tag}` };
  });
  const used = new Set<(typeof loops)[number]>();
  const short = statements.map((sql) => {
    const found = loops.find(({ open, close }) => sql.startsWith(open) && sql.endsWith(close));
    if (found === undefined) return sql;
    used.add(found);
    const own = sql.slice(found.open.length, -found.close.length);
    const { tag, head, tail } = frameOf(['rel pg_catalog.oid', 'rels pg_catalog.oid[]'], own);
    return `do ${tag}${head}${own}\n  perform ${nameOf(found.index)}(rels);${tail}${tag}`;
  });
  const declarations = RECONCILE_DECLARATIONS.filter((each) => !ARGUMENT.test(each));
  return {
    before: [...used].map(({ loop, index }) => {
      const { tag, head, tail } = frameOf(declarations, loop);
      return `create function ${nameOf(index)}(rels pg_catalog.oid[]) returns void language plpgsql as ${tag}${head}${loop}${tail}${tag}`;
    }),
    statements: short,
    after: [...used].map(({ index }) => `drop function ${nameOf(index)}(pg_catalog.oid[])`),
  };
}
