import type { DropStmt, Node, RenameStmt } from 'libpg-query';
import type { Action } from '../../../lint/action.js';
import { nameOf, tableOf } from './definitions.js';

const wordOf = (type: string | undefined): string =>
  (type ?? '')
    .replace('OBJECT_', '')
    .replace('MATVIEW', 'MATERIALIZED_VIEW')
    .replaceAll('_', ' ')
    .toLowerCase();

function partsOf(object: Node): readonly Node[] {
  if ('List' in object) return object.List.items ?? [];
  if ('TypeName' in object) return object.TypeName.names ?? [];
  if ('ObjectWithArgs' in object) return object.ObjectWithArgs.objname ?? [];
  return [object];
}

/** What a DROP takes away. */
export function drops({
  objects = [],
  removeType,
  behavior,
  missing_ok,
  concurrent,
}: DropStmt): readonly Action[] {
  const isRobust = missing_ok === true;
  const isCascade = behavior === 'DROP_CASCADE';
  return objects.flatMap((object): readonly Action[] => {
    const name = nameOf(partsOf(object));
    if (removeType === 'OBJECT_TABLE') {
      const dropped: Action = { kind: 'dropTable', table: name, isRobust };
      return isCascade
        ? [dropped, { kind: 'dropObject', what: 'table', name: name.name, isCascade }]
        : [dropped];
    }
    if (removeType === 'OBJECT_INDEX')
      return [{ kind: 'dropIndex', index: name, isConcurrent: concurrent === true, isRobust }];
    return [{ kind: 'dropObject', what: wordOf(removeType), name: name.name, isCascade }];
  });
}

/** What a RENAME changes that code can see. */
export function renames({
  renameType,
  relationType,
  relation,
  subname = '',
  newname = '',
  object,
}: RenameStmt): readonly Action[] {
  const table = tableOf(relation);
  if (renameType === 'OBJECT_TABLE') return [{ kind: 'renameTable', table, to: newname }];
  if (renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE')
    return [{ kind: 'renameColumn', table, name: subname, to: newname }];
  if (renameType === 'OBJECT_SCHEMA') return [{ kind: 'renameObject', what: 'schema', name: subname }];
  if (renameType === 'OBJECT_TYPE' || renameType === 'OBJECT_FUNCTION') {
    const name = object === undefined ? '' : nameOf(partsOf(object)).name;
    return [{ kind: 'renameObject', what: wordOf(renameType), name }];
  }
  if (renameType === 'OBJECT_VIEW' || renameType === 'OBJECT_MATVIEW')
    return [{ kind: 'renameObject', what: wordOf(renameType), name: table.name }];
  return [];
}
