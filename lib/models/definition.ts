import type { Knex } from 'knex';
import type { MetadataTableOptions } from '../metadata/options.js';
import type { Place } from './place.js';

/** On every definition, and the same for each copy of this package: a project may have loaded two. */
export const DEFINITION = Symbol.for('knex-meta.definition');

interface Definition {
  readonly [DEFINITION]: true;
  readonly name: string;
  /** The schema where the engine has schemas; undefined is the connection's own. */
  readonly schema: string | undefined;
  /** Names of other definitions that are made before this one, beside those that its SQL names. */
  readonly dependsOn: readonly string[];
  /** Where it was defined. */
  readonly place: Place | undefined;
}

/** A table that the project wants: what `defineModel` returns. */
export interface Model extends Definition {
  readonly kind: 'table';
  readonly columns: (table: Knex.CreateTableBuilder, knex: Knex) => void;
  /** What is said of the table in SQL when it is there. */
  readonly sql: readonly string[];
  readonly metadata: false | MetadataTableOptions | undefined;
  readonly renamedFrom: string | undefined;
}

/** An enum type that the project wants: what `defineEnum` returns. */
export interface EnumModel extends Definition {
  readonly kind: 'enum';
  readonly values: readonly string[];
  readonly comment: string | undefined;
  readonly renamedFrom: string | undefined;
  /** Former values by the value that each has become. */
  readonly renamedValues: Readonly<Record<string, string>>;
}

/** A view that the project wants: what `defineView` and `defineMaterializedView` return. */
export interface ViewModel extends Definition {
  readonly kind: 'view' | 'materialized view';
  readonly query: string;
  readonly columns: readonly string[];
  readonly options: readonly string[];
  readonly indexes: readonly string[];
  readonly comment: string | undefined;
  readonly renamedFrom: string | undefined;
}

/** A function, procedure or aggregate that the project wants: what `defineFunction` returns. */
export interface FunctionModel extends Definition {
  readonly kind: 'function' | 'procedure' | 'aggregate';
  /** All behind the name. */
  readonly declaration: string;
  readonly comment: string | undefined;
}

/** A trigger that the project wants: what `defineTrigger` returns. */
export interface TriggerModel extends Definition {
  readonly kind: 'trigger';
  /** All behind the name. */
  readonly declaration: string;
}

/** An extension that the project wants: what `defineExtension` returns. */
export interface ExtensionModel extends Definition {
  readonly kind: 'extension';
  readonly version: string | undefined;
}

/** Any other statements that the project wants: what `defineSql` returns. */
export interface SqlModel extends Definition {
  readonly kind: 'sql';
  readonly create: readonly string[];
  readonly drop: readonly string[];
}

/** Anything that a file of models may export. */
export type AnyModel =
  | Model
  | EnumModel
  | ViewModel
  | FunctionModel
  | TriggerModel
  | ExtensionModel
  | SqlModel;

/** Everything that was defined, exported or not; the same for each copy of this package. */
const DEFINED = Symbol.for('knex-meta.defined');

export function definedSoFar(): Set<AnyModel> {
  const holder = globalThis as { [DEFINED]?: Set<AnyModel> };
  holder[DEFINED] ??= new Set();
  return holder[DEFINED];
}

/** Remembers a definition, so that one that its file does not export can be named. */
export function noted<Of extends AnyModel>(definition: Of): Of {
  definedSoFar().add(definition);
  return definition;
}

export function isDefinition(value: unknown): value is AnyModel {
  return typeof value === 'object' && value !== null && (value as Partial<Model>)[DEFINITION] === true;
}

/** How a definition is called in messages. */
export function titleOf({ kind, schema, name }: AnyModel): string {
  const full = schema === undefined ? name : `${schema}.${name}`;
  return kind === 'table' ? `the model \`${full}\`` : `the ${kind === 'sql' ? 'SQL' : kind} \`${full}\``;
}
