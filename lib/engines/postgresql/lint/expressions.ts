import type { Node } from 'libpg-query';
import { SAME_FOR_ALL } from '../volatile.js';
import { lastName, typeText } from './types.js';

/** Whether a node is somewhere in a tree. */
function some(tree: unknown, isIt: (name: string, node: unknown) => boolean): boolean {
  if (typeof tree !== 'object' || tree === null) return false;
  return Object.entries(tree).some(([name, node]) => isIt(name, node) || some(node, isIt));
}

/** Whether each row may get another value. */
export function isVolatile(expression: Node | undefined): boolean {
  return some(expression, (name, node) => {
    if (name !== 'FuncCall') return false;
    const { funcname } = node as { readonly funcname?: readonly Node[] };
    return !SAME_FOR_ALL.has(lastName(funcname));
  });
}

/** The column of a plain `column IS NOT NULL`. */
export function neverNullColumn(expression: Node | undefined): string | undefined {
  if (expression === undefined || !('NullTest' in expression)) return undefined;
  const { nulltesttype, arg } = expression.NullTest;
  if (nulltesttype !== 'IS_NOT_NULL' || arg === undefined || !('ColumnRef' in arg)) return undefined;
  return lastName(arg.ColumnRef.fields);
}

/** Whether USING is more than the column itself, or its plain cast. */
export function isComputed(using: Node | undefined, column: string, type: string): boolean {
  if (using === undefined) return false;
  if ('ColumnRef' in using) return lastName(using.ColumnRef.fields) !== column;
  if (!('TypeCast' in using)) return true;
  return typeText(using.TypeCast.typeName) !== type || isComputed(using.TypeCast.arg, column, type);
}

/** The names of settings that functions set in a query. */
export function settingsIn(query: unknown): readonly { readonly name: string; readonly isLocal: boolean }[] {
  const found: { name: string; isLocal: boolean }[] = [];
  some(query, (name, node) => {
    const call = node as { readonly funcname?: readonly Node[]; readonly args?: readonly Node[] };
    if (name !== 'FuncCall' || lastName(call.funcname) !== 'set_config') return false;
    const [setting, , local] = call.args ?? [];
    if (setting !== undefined && 'A_Const' in setting && setting.A_Const.sval !== undefined) {
      const isLocal = local !== undefined && 'A_Const' in local && local.A_Const.boolval?.boolval === true;
      found.push({ name: setting.A_Const.sval.sval ?? '', isLocal });
    }
    return false;
  });
  return found;
}
