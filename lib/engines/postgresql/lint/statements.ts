import type { Node } from 'libpg-query';
import type { Action } from '../../../lint/action.js';
import { alterations } from './alter.js';
import { columnWords, constraintWords, nameOf, tableOf } from './definitions.js';
import { drops, renames } from './drops.js';
import { settingsIn } from './expressions.js';
import { lastName } from './types.js';

/** Names in upper case, by the number that the parser gives. */
const MODES = ['', 'ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE'].concat(
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
);

const elements = (nodes: readonly Node[] | undefined) => ({
  columns: (nodes ?? []).flatMap((node) => ('ColumnDef' in node ? [columnWords(node.ColumnDef)] : [])),
  constraints: (nodes ?? []).flatMap((node) =>
    'Constraint' in node ? (constraintWords(node.Constraint) ?? []) : [],
  ),
});

/** A key of several columns, or declared behind them, makes keys of its columns. */
function createTable(node: Extract<Node, { CreateStmt: unknown }>): Action {
  const { relation, tableElts, if_not_exists } = node.CreateStmt;
  const { columns, constraints } = elements(tableElts);
  const key = constraints.find(({ kind }) => kind === 'primary key')?.columns ?? [];
  return {
    kind: 'createTable',
    table: tableOf(relation),
    columns: columns.map((column) =>
      key.includes(column.name) ? { ...column, isKey: true, isNullable: false } : column,
    ),
    constraints,
    isTemporary: relation?.relpersistence === 't',
    isQualified: relation?.schemaname !== undefined,
    isRobust: if_not_exists === true,
  };
}

const bare = (table: ReturnType<typeof tableOf>, isTemporary: boolean): Action => ({
  kind: 'createTable',
  table,
  columns: [],
  constraints: [],
  isTemporary,
  isQualified: table.schema !== undefined,
  isRobust: false,
});

function repeatedIn(targets: readonly Node[] | undefined): string | undefined {
  const names = (targets ?? []).flatMap((node) =>
    'ResTarget' in node && node.ResTarget.indirection === undefined ? (node.ResTarget.name ?? []) : [],
  );
  return names.find((name, index) => names.indexOf(name) !== index);
}

const tables = (nodes: readonly Node[] | undefined) =>
  (nodes ?? []).flatMap((node) => ('RangeVar' in node ? [tableOf(node.RangeVar)] : []));

const optionNames = (nodes: readonly Node[] | undefined): readonly string[] =>
  (nodes ?? []).flatMap((node) => ('DefElem' in node ? (node.DefElem.defname ?? []) : []));

/** What one statement does. */
export function actionsOf(node: Node): readonly Action[] {
  if ('CreateStmt' in node) return [createTable(node)];
  if ('CreateTableAsStmt' in node) {
    const { into, objtype } = node.CreateTableAsStmt;
    return objtype === 'OBJECT_TABLE' ? [bare(tableOf(into?.rel), into?.rel?.relpersistence === 't')] : [];
  }
  if ('SelectStmt' in node) {
    const { intoClause } = node.SelectStmt;
    const set = settingsIn(node).map((setting): Action => ({ kind: 'setting', ...setting }));
    return intoClause === undefined
      ? set
      : [...set, bare(tableOf(intoClause.rel), intoClause.rel?.relpersistence === 't')];
  }
  if ('AlterTableStmt' in node) return alterations(node.AlterTableStmt);
  if ('DropStmt' in node) return drops(node.DropStmt);
  if ('RenameStmt' in node) return renames(node.RenameStmt);
  if ('IndexStmt' in node) {
    const {
      relation,
      idxname,
      indexParams = [],
      unique,
      concurrent,
      whereClause,
      nulls_not_distinct,
      if_not_exists,
    } = node.IndexStmt;
    return [
      {
        kind: 'createIndex',
        table: tableOf(relation),
        name: idxname ?? 'without a name',
        columns: indexParams.flatMap((each) => ('IndexElem' in each ? (each.IndexElem.name ?? []) : [])),
        size: indexParams.length,
        isUnique: unique === true,
        isPartial: whereClause !== undefined,
        nullsNotDistinct: nulls_not_distinct === true,
        isConcurrent: concurrent === true,
        isRobust: if_not_exists === true,
      },
    ];
  }
  if ('UpdateStmt' in node) {
    const { relation, whereClause, targetList } = node.UpdateStmt;
    const hasWhere = whereClause !== undefined;
    return [{ kind: 'updateRows', table: tableOf(relation), hasWhere, repeated: repeatedIn(targetList) }];
  }
  if ('DeleteStmt' in node) {
    const { relation, whereClause } = node.DeleteStmt;
    return [{ kind: 'deleteRows', table: tableOf(relation), hasWhere: whereClause !== undefined }];
  }
  if ('TruncateStmt' in node) {
    const isCascade = node.TruncateStmt.behavior === 'DROP_CASCADE';
    return tables(node.TruncateStmt.relations).map((table) => ({ kind: 'truncate', table, isCascade }));
  }
  return rarer(node);
}

function rarer(node: Node): readonly Action[] {
  if ('ReindexStmt' in node) {
    const { relation, params, kind } = node.ReindexStmt;
    const table = kind === 'REINDEX_OBJECT_TABLE' && relation !== undefined ? tableOf(relation) : undefined;
    return [{ kind: 'reindex', table, isConcurrent: optionNames(params).includes('concurrently') }];
  }
  if ('VacuumStmt' in node) {
    const { options, rels = [], is_vacuumcmd } = node.VacuumStmt;
    if (is_vacuumcmd !== true) return [];
    const isFull = optionNames(options).includes('full');
    const vacuumed = rels.flatMap((rel) =>
      'VacuumRelation' in rel ? [tableOf(rel.VacuumRelation.relation)] : [],
    );
    const rewrites = vacuumed.map((table): Action => ({ kind: 'rewrite', table, how: 'VACUUM FULL' }));
    return [{ kind: 'alone', what: 'VACUUM' }, ...(isFull ? rewrites : [])];
  }
  if ('ClusterStmt' in node)
    return [{ kind: 'rewrite', table: tableOf(node.ClusterStmt.relation), how: 'CLUSTER' }];
  if ('RefreshMatViewStmt' in node) {
    const { relation, concurrent } = node.RefreshMatViewStmt;
    return [{ kind: 'refreshView', view: tableOf(relation), isConcurrent: concurrent === true }];
  }
  if ('LockStmt' in node) {
    const mode = MODES[node.LockStmt.mode ?? 8] ?? '';
    return tables(node.LockStmt.relations).map((table) => ({ kind: 'lockTable', table, mode }));
  }
  if ('CreateTrigStmt' in node) {
    const { relation, trigname = '' } = node.CreateTrigStmt;
    return [{ kind: 'createTrigger', table: tableOf(relation), name: trigname }];
  }
  if ('AlterEnumStmt' in node) {
    const { typeName, oldVal, newVal = '', newValNeighbor } = node.AlterEnumStmt;
    const { name } = nameOf(typeName);
    if (oldVal !== undefined)
      return [{ kind: 'renameObject', what: 'enum value', name: `'${oldVal}' of ${name}` }];
    return [{ kind: 'addEnumValue', type: name, value: newVal, hasPlace: newValNeighbor !== undefined }];
  }
  if ('CreateDomainStmt' in node) {
    const { domainname, constraints = [] } = node.CreateDomainStmt;
    const has = constraints.some(
      (each) => 'Constraint' in each && each.Constraint.contype !== 'CONSTR_DEFAULT',
    );
    return has ? [{ kind: 'domain', name: nameOf(domainname).name }] : [];
  }
  if ('AlterDomainStmt' in node) {
    const { subtype, typeName } = node.AlterDomainStmt;
    return subtype === 'C' || subtype === 'O' ? [{ kind: 'domain', name: lastName(typeName) }] : [];
  }
  if ('VariableSetStmt' in node) {
    const { name = '', kind, is_local } = node.VariableSetStmt;
    const isSet = kind === 'VAR_SET_VALUE' || kind === 'VAR_SET_CURRENT';
    return isSet && name !== '' ? [{ kind: 'setting', name, isLocal: is_local === true }] : [];
  }
  if ('TransactionStmt' in node) {
    const kind = (node.TransactionStmt.kind ?? '').replace('TRANS_STMT_', '');
    return /^(BEGIN|START|COMMIT|ROLLBACK|PREPARE)$/.test(kind) ? [{ kind: 'boundary', word: kind }] : [];
  }
  return ofServer(node);
}

function ofServer(node: Node): readonly Action[] {
  if ('GrantStmt' in node) return [{ kind: 'rights', what: node.GrantStmt.is_grant ? 'GRANT' : 'REVOKE' }];
  if ('GrantRoleStmt' in node)
    return [{ kind: 'rights', what: node.GrantRoleStmt.is_grant ? 'GRANT' : 'REVOKE' }];
  if ('CreatePolicyStmt' in node) return [{ kind: 'rights', what: 'CREATE POLICY' }];
  if ('AlterPolicyStmt' in node) return [{ kind: 'rights', what: 'ALTER POLICY' }];
  if ('AlterOwnerStmt' in node) return [{ kind: 'rights', what: 'OWNER TO' }];
  if ('AlterExtensionStmt' in node)
    return [{ kind: 'updateExtension', name: node.AlterExtensionStmt.extname ?? '' }];
  if ('DropdbStmt' in node) {
    const name = node.DropdbStmt.dbname ?? '';
    return [
      { kind: 'dropObject', what: 'database', name, isCascade: true },
      { kind: 'alone', what: 'DROP DATABASE' },
    ];
  }
  if ('CreatedbStmt' in node) return [{ kind: 'alone', what: 'CREATE DATABASE' }];
  if ('AlterSystemStmt' in node) return [{ kind: 'alone', what: 'ALTER SYSTEM' }];
  if ('CreateTableSpaceStmt' in node) return [{ kind: 'alone', what: 'CREATE TABLESPACE' }];
  return [];
}
