import type { Knex } from 'knex';
import type { ScriptForm } from '../engines/migrations.js';
import { journalName } from './journal.js';
import { EXTENSIONS, revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';

/** The record's own statements. */
export function recordWriter(db: Knex, form: ScriptForm, settings: Settings, tool: string) {
  const tables = recordTables(settings);
  const named = (name: string): string =>
    (tables.schemaName === undefined
      ? db.raw('??', [name])
      : db.raw('??.??', [tables.schemaName, name])
    ).toString();
  const record = named(tables.tableName);
  const lock = named(tables.lockTable);
  const journal = named(journalName(tables));
  const { literal, now } = form;
  return {
    lockRow: `insert into ${lock} (is_locked) select 0 where not exists (select 1 from ${lock});`,
    /** One batch for the script: the first row opens it. */
    applied: (name: string, isFirst: boolean) => {
      const batch = isFirst ? 'coalesce(max(batch), 0) + 1' : 'max(batch)';
      return `insert into ${record} (name, batch, migration_time) select ${literal(name)}, ${batch}, ${now} from ${record};`;
    },
    /** It may be recorded under the name that it had in another language. */
    undone: (name: string) => {
      const names = EXTENSIONS.map((extension) => `${revisionOf(name)}${extension}`);
      const all = names.includes(name) ? names : [name];
      return `delete from ${record} where name in (${all.map(literal).join(', ')});`;
    },
    journal: (name: string, direction: string, checksum: string) =>
      `insert into ${journal} (name, direction, state, checksum, started_at, run_by, tool) values (${[
        ...[name, direction, 'done', checksum].map(literal),
        now,
        literal('script'),
        literal(tool),
      ].join(', ')});`,
  };
}
