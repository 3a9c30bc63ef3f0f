import type { SequenceOptions } from './column.js';
import type { DatabaseObject, Dependency, ObjectName, StorageOption } from './names.js';
import type { Table, Trigger } from './table.js';
import type { Index } from './tableIndex.js';

/** A named schema. */
export interface NamedSchema {
  readonly name: string;
  readonly comment: string | undefined;
  readonly extension: string | undefined;
}

/** A view, with what it must be created after. */
export interface View extends DatabaseObject {
  readonly isMaterialized: boolean;
  /** Its columns; the types, and names that the view does not give itself, only where the engine keeps them. */
  readonly columns: readonly ViewColumn[];
  /** The query, as the engine writes it, without a semicolon. */
  readonly definition: string;
  readonly options: readonly StorageOption[];
  /** False for a materialized view that was never filled. */
  readonly isPopulated: boolean;
  readonly indexes: readonly Index[];
  readonly triggers: readonly Trigger[];
  /** Statements that bring back what no model says of it, when it is made anew: owner, privileges, rules. */
  readonly attached: readonly string[];
  readonly dependsOn: readonly Dependency[];
}

interface ViewColumn {
  readonly name: string;
  readonly type: string | undefined;
  readonly comment: string | undefined;
}

/** Who may use an object besides its owner. */
export interface Access {
  /** The owner in the engine's quotes; undefined for the role that asks. */
  readonly owner: string | undefined;
  /** Whether everybody may, as the engine has it where nothing is said. */
  readonly isPublic: boolean;
  /** Roles in the engine's quotes. */
  readonly grants: readonly { readonly role: string; readonly withGrantOption: boolean }[];
}

/** A function, procedure or aggregate. */
export interface DatabaseFunction extends DatabaseObject {
  readonly kind: 'function' | 'procedure' | 'aggregate';
  /** Its arguments as DROP and COMMENT take them: they tell functions of one name apart. */
  readonly identity: string;
  /** All behind the name in its CREATE statement: arguments, result, options, body. */
  readonly declaration: string;
  readonly result: string | undefined;
  readonly language: string;
  /** True for the function of knex-meta's update trigger. */
  readonly isMetadata: boolean;
  /** Undefined where it is as the engine has it by itself. No model says it. */
  readonly access: Access | undefined;
  readonly dependsOn: readonly Dependency[];
}

export interface Extension {
  readonly name: string;
  /** The schema that its objects are in. */
  readonly schema: string;
  readonly version: string;
}

export interface EnumType extends DatabaseObject {
  /** In the order of the type. */
  readonly values: readonly string[];
  /** As of functions. */
  readonly access: Access | undefined;
}

export interface Domain extends DatabaseObject {
  readonly type: string;
  readonly nullable: boolean;
  readonly defaultTo: string | undefined;
  readonly collation: string | undefined;
  readonly checks: readonly DomainCheck[];
  readonly dependsOn: readonly Dependency[];
  /** As of functions. */
  readonly access: Access | undefined;
}

interface DomainCheck {
  readonly name: string;
  readonly expression: string;
  readonly isValid: boolean;
}

/** A sequence that does not number a column by itself. */
export interface Sequence extends DatabaseObject, SequenceOptions {
  /** The column with which it is dropped. */
  readonly ownedBy: { readonly table: ObjectName; readonly column: string } | undefined;
}

/** What is in the database and is not described further: it is named, so that nobody takes it for absent. */
export interface OtherObject extends ObjectName {
  /** In the engine's words: `aggregate`, `policy`, `virtual table`. */
  readonly kind: string;
  /** The table that it belongs to. */
  readonly table: string | undefined;
  readonly extension: string | undefined;
  /** The statement that creates it, where the engine can say it. */
  readonly definition: string | undefined;
  /** The statement that takes it away, where there is one: with it, it can be managed. */
  readonly drop: string | undefined;
  /** Types and functions that a type is made of. */
  readonly dependsOn?: readonly Dependency[];
  /** True for what knex-meta does not know: it is named, and never compared. */
  readonly isUnknown?: true;
}

/** A cast between two types, beside those that the engine always has. */
export interface Cast {
  readonly source: string;
  readonly target: string;
  /** When it is used: everywhere, when a value is assigned to a column, or only where it is written. */
  readonly context: 'implicit' | 'assignment' | 'explicit';
  /** True where a value stays as it is. */
  readonly isBinary: boolean;
}

/** All that introspection reads of a database, sorted by schema and name. */
export interface DatabaseSchema {
  readonly schemas: readonly NamedSchema[];
  readonly tables: readonly Table[];
  readonly views: readonly View[];
  readonly functions: readonly DatabaseFunction[];
  readonly extensions: readonly Extension[];
  readonly enums: readonly EnumType[];
  readonly domains: readonly Domain[];
  readonly sequences: readonly Sequence[];
  readonly others: readonly OtherObject[];
  readonly casts?: readonly Cast[];
  /** The time zone of the connection, where the engine has such a setting. */
  readonly timeZone?: string;
}

/** What a change of a column's type needs to know of the database. */
export type TypeFacts = Partial<Pick<DatabaseSchema, 'enums' | 'domains' | 'casts' | 'timeZone' | 'others'>>;
