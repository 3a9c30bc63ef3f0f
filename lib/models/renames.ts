import type { RenamedColumn } from '../metadata/renamedFrom.js';
import type { ObjectName } from '../schema/names.js';
import type { AnyModel } from './definition.js';

/** What the project says was called otherwise; names as the database has them. */
export type Rename =
  | (ObjectName & { readonly kind: 'table' | 'view' | 'enum'; readonly from: ObjectName })
  | (ObjectName & { readonly kind: 'column'; readonly column: string; readonly from: string })
  | (ObjectName & { readonly kind: 'enum value'; readonly value: string; readonly from: string });

/** How names come to be as the database has them. */
export interface Naming {
  readonly wrap: (name: string) => string;
  /** The schema of what names none; undefined where the engine has no schemas. */
  readonly home: string | undefined;
}

function nameOf(name: string, schema: string | undefined, { wrap, home }: Naming): ObjectName {
  if (home === undefined) return { schema: undefined, name: wrap(name) };
  return { schema: schema === undefined ? home : wrap(schema), name: wrap(name) };
}

/**
 * A former name is in the same schema, unless it names another before a dot. Its own name says that it has moved: from
 * where a name without a schema is.
 */
function formerName(from: string, { name, schema }: AnyModel, naming: Naming): ObjectName {
  const at = from.indexOf('.');
  if (at > 0) return nameOf(from.slice(at + 1), from.slice(0, at), naming);
  return nameOf(from, from === name ? undefined : schema, naming);
}

/** The renames that a definition asks for. */
export function renamesOf(
  model: AnyModel,
  columns: readonly RenamedColumn[],
  naming: Naming,
): readonly Rename[] {
  const own = nameOf(model.name, model.schema, naming);
  const former = 'renamedFrom' in model ? model.renamedFrom : undefined;
  const kind = model.kind === 'table' || model.kind === 'enum' ? model.kind : 'view';
  return [
    ...(former === undefined ? [] : [{ kind, ...own, from: formerName(former, model, naming) } as const]),
    ...columns.map(
      ({ name, from }) =>
        ({ kind: 'column', ...own, column: naming.wrap(name), from: naming.wrap(from) }) as const,
    ),
    ...(model.kind === 'enum'
      ? Object.entries(model.renamedValues).map(
          ([value, from]) => ({ kind: 'enum value', ...own, value, from }) as const,
        )
      : []),
  ];
}
