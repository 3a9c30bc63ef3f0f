import { type CommentChange, type Operation, sameObject } from './operation.js';

/** Whether a new object is the one that a comment is on. */
function isOn({ on, name, table, identity }: CommentChange, created: Operation): boolean {
  if (created.from !== undefined || created.to === undefined) return false;
  switch (created.kind) {
    case 'primaryKey':
    case 'unique':
    case 'foreignKey':
    case 'check':
    case 'exclusion':
      return on === 'constraint' && sameObject(created.table, table) && created.to.name === name.name;
    case 'index':
      return on === 'index' && sameObject(created.table, table) && created.to.name === name.name;
    case 'trigger':
      return on === 'trigger' && sameObject(created.table, table) && created.to.name === name.name;
    case 'view':
      return (
        on === (created.to.isMaterialized ? 'materialized view' : 'view') && sameObject(created.to, name)
      );
    case 'function':
      return on === created.to.kind && sameObject(created.to, name) && created.to.identity === identity;
    case 'enum':
    case 'domain':
      return (on === 'type' || on === 'domain') && sameObject(created.to, name);
    case 'sequence':
    case 'table':
      return on === created.kind && sameObject(created.to, name);
    default:
      return false;
  }
}

const commentOf = (created: Operation): string | undefined =>
  (created.to as { readonly comment?: string }).comment;

/** The operations without comments on what is created with the same comment. */
export function withoutRepeatedComments(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter((operation) => {
    if (operation.kind !== 'comment') return true;
    const created = operations.findLast((each) => isOn(operation, each));
    return created === undefined || commentOf(created) !== operation.to;
  });
}
