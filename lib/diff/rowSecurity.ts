import type { Operation } from '../operations/operation.js';
import { sqlName } from '../operations/sqlName.js';
import type { OtherObject } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';

/** The kinds of the changes that switch row security on, by the state that follows. */
const STATES = { 'row security': 'on', 'forced row security': 'forced' } as const;

const LEVELS: readonly Table['rowSecurity'][] = ['off', 'on', 'forced'];

function setting(kind: keyof typeof STATES, { schema, name }: ObjectName): OtherObject {
  const table = [...(schema === undefined ? [] : [schema]), name].map(sqlName).join('.');
  const [definition, drop] = kind === 'row security' ? ['enable', 'disable'] : ['force', 'no force'];
  return {
    kind,
    schema,
    name,
    table: name,
    extension: undefined,
    definition: `alter table ${table} ${definition} row level security`,
    drop: `alter table ${table} ${drop} row level security`,
  };
}

/** Switches row security on where the models do. It is never switched off: that would show rows that are hidden now. */
export function switchRowSecurity(before: Table, after: Table): readonly Operation[] {
  const had = LEVELS.indexOf(before.rowSecurity);
  const wanted = LEVELS.indexOf(after.rowSecurity);
  const kinds = Object.keys(STATES) as (keyof typeof STATES)[];
  return kinds
    .slice(had, wanted)
    .map((kind): Operation => ({ kind: 'other', from: undefined, to: setting(kind, after) }));
}

/** The state of a table after one of these changes; undefined for a change of anything else. */
export function rowSecurityAfter({ kind }: OtherObject, isComing: boolean): Table['rowSecurity'] | undefined {
  if (kind === 'row security') return isComing ? 'on' : 'off';
  if (kind === 'forced row security') return isComing ? 'forced' : 'on';
  return undefined;
}
