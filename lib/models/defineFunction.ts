import { DEFINITION, type FunctionModel, noted, type TriggerModel } from './definition.js';
import { placeOfCall } from './place.js';
import { checkDefinition, checkWithoutCreate, splitName } from './validate.js';

/** What `defineFunction` takes beside the declaration. */
export interface FunctionOptions {
  /** The schema of the function; the connection's own when it is left out. */
  readonly schema?: string;
  /** `'procedure'` for what is called with CALL, `'aggregate'` for what CREATE AGGREGATE makes. Default `'function'`. */
  readonly kind?: 'function' | 'procedure' | 'aggregate';
  readonly comment?: string;
  /** Names of other definitions that must be there before, where the declaration does not name them. */
  readonly dependsOn?: readonly string[];
}

/** What `defineTrigger` takes beside the declaration. */
export interface TriggerOptions {
  /** Names of other definitions that must be there before, where the declaration does not name them. */
  readonly dependsOn?: readonly string[];
}

/**
 * Declares a function or procedure.
 *
 * @param declaration - all that stands behind the name in its CREATE statement
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineFunction } from 'knex-meta';
 *
 * export const initials = defineFunction(
 *   'initials',
 *   `(name text) returns text language sql immutable as $$ select left(name, 1) $$`,
 * );
 */
export function defineFunction(
  name: string,
  declaration: string,
  options: FunctionOptions = {},
): FunctionModel {
  checkDefinition('defineFunction', name, options, ['schema', 'kind', 'comment', 'dependsOn']);
  checkWithoutCreate(`The declaration of defineFunction('${name}')`, declaration);
  return noted({
    [DEFINITION]: true,
    kind: options.kind ?? 'function',
    ...splitName(name, options.schema),
    declaration,
    comment: options.comment,
    dependsOn: options.dependsOn ?? [],
    place: placeOfCall(defineFunction),
  });
}

/**
 * Declares a trigger. The update trigger of knex-meta needs no declaration.
 *
 * @param declaration - all that stands behind the name in its CREATE statement, the table among it
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineTrigger } from 'knex-meta';
 *
 * export const audit = defineTrigger(
 *   'users_audit',
 *   'after insert on users for each row execute function write_audit()',
 * );
 */
export function defineTrigger(name: string, declaration: string, options: TriggerOptions = {}): TriggerModel {
  checkDefinition('defineTrigger', name, options, ['dependsOn']);
  checkWithoutCreate(`The declaration of defineTrigger('${name}')`, declaration);
  return noted({
    [DEFINITION]: true,
    kind: 'trigger',
    name,
    schema: undefined,
    declaration,
    dependsOn: options.dependsOn ?? [],
    place: placeOfCall(defineTrigger),
  });
}
