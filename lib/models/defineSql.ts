import { DEFINITION, type EnumModel, type ExtensionModel, noted, type SqlModel } from './definition.js';
import { placeOfCall } from './place.js';
import { checkDefinition, checkTexts, splitName } from './validate.js';

/** What `defineEnum` takes beside the values. */
export interface EnumOptions {
  /** The schema of the type; the connection's own when it is left out. */
  readonly schema?: string;
  readonly comment?: string;
  /** The type's former name. */
  readonly renamedFrom?: string;
  /** Values that were called otherwise: `{ shipped: 'sent' }` renames `sent` to `shipped`. */
  readonly renamedValues?: Readonly<Record<string, string>>;
}

/** What `defineExtension` takes beside the name. */
export interface ExtensionOptions {
  /** The schema for the extension's objects; where it is left out, the extension's own or the connection's. */
  readonly schema?: string;
  /** The version; where it is left out, any is right. */
  readonly version?: string;
}

/** What `defineSql` takes beside the statements. */
export interface SqlOptions {
  /** Names of other definitions that must be there before, where the statements do not name them. */
  readonly dependsOn?: readonly string[];
}

const list = (statements: string | readonly string[]): readonly string[] =>
  typeof statements === 'string' ? [statements] : statements;

/**
 * Declares an enum type, for columns of `t.specificType(name, type)` or `t.enu(name, null, { useNative: true,
 * enumName, existingType: true })`. Engines without such types pass it over.
 *
 * @param values - in the order that the type has them
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineEnum } from 'knex-meta';
 *
 * export const orderState = defineEnum('order_state', ['new', 'paid', 'shipped']);
 */
export function defineEnum(name: string, values: readonly string[], options: EnumOptions = {}): EnumModel {
  checkDefinition('defineEnum', name, options, ['schema', 'comment', 'renamedFrom', 'renamedValues']);
  checkTexts(`The values of defineEnum('${name}')`, values);
  return noted({
    [DEFINITION]: true,
    kind: 'enum',
    ...splitName(name, options.schema),
    values: [...values],
    comment: options.comment,
    renamedFrom: options.renamedFrom,
    renamedValues: options.renamedValues ?? {},
    dependsOn: [],
    place: placeOfCall(defineEnum),
  });
}

/**
 * Declares an extension that the database must have. Engines without extensions pass it over.
 *
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineExtension } from 'knex-meta';
 *
 * export const citext = defineExtension('citext');
 */
export function defineExtension(name: string, options: ExtensionOptions = {}): ExtensionModel {
  checkDefinition('defineExtension', name, options, ['schema', 'version']);
  return noted({
    [DEFINITION]: true,
    kind: 'extension',
    name,
    schema: options.schema,
    version: options.version,
    dependsOn: [],
    place: placeOfCall(defineExtension),
  });
}

/**
 * Declares what no other function here declares, by the statements that create and drop it: a domain, a sequence,
 * a policy.
 *
 * @param name - how it is called in messages and in `dependsOn`
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineSql } from 'knex-meta';
 *
 * export const percent = defineSql('percent', {
 *   create: 'create domain percent as integer check (value between 0 and 100)',
 *   drop: 'drop domain percent',
 * });
 */
export function defineSql(
  name: string,
  statements: { readonly create: string | readonly string[]; readonly drop?: string | readonly string[] },
  options: SqlOptions = {},
): SqlModel {
  checkDefinition('defineSql', name, options, ['dependsOn']);
  const create = list(statements?.create ?? []);
  const drop = list(statements?.drop ?? []);
  checkTexts(`\`create\` of defineSql('${name}')`, create.length === 0 ? undefined : create);
  checkTexts(`\`drop\` of defineSql('${name}')`, drop);
  return noted({
    [DEFINITION]: true,
    kind: 'sql',
    name,
    schema: undefined,
    create: [...create],
    drop: [...drop],
    dependsOn: options.dependsOn ?? [],
    place: placeOfCall(defineSql),
  });
}
