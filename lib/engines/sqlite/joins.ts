import { openKnex } from '../../config/connections.js';
import type { AmbiguousView, JoinEngine } from '../joins.js';
import { quoteName } from './identifiers.js';
import { inMemory } from './throwaway.js';

const AMBIGUOUS = /ambiguous column name: ([^.\s)]+)(?!\w|\.\w)/;

const ambiguousColumn: JoinEngine['ambiguousColumn'] = ({ message }) => AMBIGUOUS.exec(message)?.[1];

/** See `JoinEngine`: a view is compiled each time that it is read, so tables of the same shape in memory show it. */
const ambiguousViews: JoinEngine['ambiguousViews'] = async (config, tables, views) => {
  if (views.length === 0) return [];
  const db = openKnex(inMemory({ client: config.client ?? '', connection: config.connection ?? '' }));
  try {
    // What cannot be made again so is not judged: a view of it fails in other words.
    const make = (sql: string): Promise<unknown> => db.raw(sql).catch(() => undefined);
    for (const { name, columns } of tables)
      await make(`create table ${quoteName(name)} (${columns.map(quoteName).join(', ')})`);
    for (const { name, columns, definition } of views) {
      const names =
        columns.length === 0 ? '' : ` (${columns.map((each) => quoteName(each.name)).join(', ')})`;
      await make(`create view ${quoteName(name)}${names} as ${definition}`);
    }
    const found: AmbiguousView[] = [];
    for (const { name } of views) {
      const error = await db.raw(`explain select * from ${quoteName(name)}`).then(
        () => undefined,
        (reason: Error) => reason,
      );
      const column = error === undefined ? undefined : ambiguousColumn(error);
      if (column !== undefined) found.push({ view: name, column });
    }
    return found;
  } finally {
    await db.destroy();
  }
};

/** See `JoinEngine`. */
export const joins: JoinEngine = { ambiguousColumn, ambiguousViews };
