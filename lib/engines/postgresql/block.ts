import { withoutBindings } from './identifiers.js';

/**
 * From here on a block finds operators, functions and types in the server's own schema alone, whatever the connection's
 * search path says: another role could have put its own in a schema of that path (CVE-2018-1058).
 */
export const SAFE_PATH = "perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);";

/** Before a block changes something: the project's event triggers see the path that they know. */
export const PATH_BACK = "perform pg_catalog.set_config('search_path', own_path, true);";

/** So begins each block of ours, and no statement of a project's own. */
export const BLOCK_START = 'do $knex_meta';

/** What is around the statements of a block. */
interface BlockFrame {
  /** The quoting, which no name in the statements can end. */
  readonly tag: string;
  readonly head: string;
  readonly tail: string;
}

/** The frame of a block; its declarations come before its statements. */
export function frameOf(declarations: readonly string[], statements: string): BlockFrame {
  let tag = '$knex_meta$';
  while (statements.includes(tag)) tag = `${tag.slice(0, -1)}_$`;
  const declared = ["own_path pg_catalog.text := pg_catalog.current_setting('search_path')", ...declarations];
  return {
    tag,
    head: `\ndeclare\n${declared.map((each) => `  ${each};`).join('\n')}\nbegin`,
    tail: '\nend\n',
  };
}

/**
 * A DO block whose quoting no name can end, with `?` escaped for Knex. Its statements begin on the connection's path; none of
 * them may use an operator or a cast before SAFE_PATH or behind PATH_BACK.
 */
export function block(declarations: readonly string[], statements: string): string {
  const { tag, head, tail } = frameOf(declarations, statements);
  return withoutBindings(`do ${tag}${head}${statements}${tail}${tag}`);
}
