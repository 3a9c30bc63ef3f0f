import type { AlterTableCmd, AlterTableStmt } from 'libpg-query';
import type { Action } from '../../../lint/action.js';
import type { ObjectName } from '../../../schema/names.js';
import { columnWords, constraintWords, tableOf } from './definitions.js';
import { isComputed } from './expressions.js';
import { typeText } from './types.js';

const REWRITES: Readonly<Record<string, string>> = {
  AT_SetLogged: 'SET LOGGED',
  AT_SetUnLogged: 'SET UNLOGGED',
  AT_SetTableSpace: 'SET TABLESPACE',
  AT_SetAccessMethod: 'SET ACCESS METHOD',
};
const RIGHTS: Readonly<Record<string, string>> = {
  AT_ChangeOwner: 'OWNER TO',
  AT_EnableRowSecurity: 'ENABLE ROW LEVEL SECURITY',
  AT_DisableRowSecurity: 'DISABLE ROW LEVEL SECURITY',
  AT_ForceRowSecurity: 'FORCE ROW LEVEL SECURITY',
  AT_NoForceRowSecurity: 'NO FORCE ROW LEVEL SECURITY',
};

function changeOf(
  table: ObjectName,
  { subtype = 'AT_AddColumn', name = '', def, missing_ok }: AlterTableCmd,
): Action | undefined {
  const isRobust = missing_ok === true;
  const rewrite = REWRITES[subtype];
  if (rewrite !== undefined) return { kind: 'rewrite', table, how: rewrite };
  const right = RIGHTS[subtype];
  if (right !== undefined) return { kind: 'rights', what: right };
  switch (subtype) {
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def
        ? { kind: 'addColumn', table, column: columnWords(def.ColumnDef), isRobust }
        : undefined;
    case 'AT_DropColumn':
      return { kind: 'dropColumn', table, name, isRobust };
    case 'AT_SetNotNull':
      return { kind: 'setNotNull', table, name };
    case 'AT_DropNotNull':
      return { kind: 'dropNotNull', table, name };
    case 'AT_AlterColumnType': {
      if (def === undefined || !('ColumnDef' in def)) return undefined;
      const type = typeText(def.ColumnDef.typeName);
      return {
        kind: 'changeType',
        table,
        name,
        type,
        isComputed: isComputed(def.ColumnDef.raw_default, name, type),
        isCast: def.ColumnDef.raw_default !== undefined,
      };
    }
    case 'AT_AddConstraint': {
      const constraint =
        def !== undefined && 'Constraint' in def ? constraintWords(def.Constraint) : undefined;
      return constraint === undefined ? undefined : { kind: 'addConstraint', table, constraint };
    }
    case 'AT_ValidateConstraint':
      return { kind: 'validateConstraint', table, name };
    case 'AT_DropConstraint':
      return { kind: 'dropConstraint', table, name, isRobust };
    case 'AT_DetachPartition':
    case 'AT_AttachPartition': {
      if (def === undefined || !('PartitionCmd' in def)) return undefined;
      const partition = tableOf(def.PartitionCmd.name);
      return subtype === 'AT_AttachPartition'
        ? { kind: 'attachPartition', table, partition }
        : { kind: 'detachPartition', table, partition, isConcurrent: def.PartitionCmd.concurrent === true };
    }
    default:
      return undefined;
  }
}

/** What an ALTER TABLE does, part by part. */
export function alterations({ relation, cmds = [], objtype }: AlterTableStmt): readonly Action[] {
  if (objtype !== 'OBJECT_TABLE') return [];
  const table = tableOf(relation);
  return cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? (changeOf(table, cmd.AlterTableCmd) ?? []) : []));
}
