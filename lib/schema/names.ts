/** An object by name; `schema` is undefined where the engine has no schemas. */
export interface ObjectName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** What every object of a database can have. */
export interface DatabaseObject extends ObjectName {
  readonly comment: string | undefined;
  /** The extension that the object came with: it is that one's to change. */
  readonly extension: string | undefined;
}

/** A storage parameter or option, as the engine keeps it: `fillfactor=70`. */
export type StorageOption = string;

/** What another object is made of, and must be created after. */
export interface Dependency extends ObjectName {
  readonly kind: 'table' | 'view' | 'function' | 'type' | 'sequence';
  /** What tells functions of one name apart; undefined for all else. */
  readonly identity: string | undefined;
}
