/** What happens to the values of a column that gets another type. Conditions are SQL, on the column as it was. */
export interface Conversion {
  /** The expression of a new value, for a query. */
  readonly value: string;
  /** The expression by which a new value is the same as another's; undefined where values that differed stay so. */
  readonly comparedBy: string | undefined;
  /** The expression that the change has to name; undefined where the server finds it. */
  readonly using: string | undefined;
  /** True where the server's own ALTER refuses what an explicit cast would cut. */
  readonly isAssigned: boolean;
  /** Why a person has to look at `using`: the server has no such cast, and the expression is a guess. */
  readonly guess: string | undefined;
  /** True of values that stop the change; `unknown` where only trying can tell; undefined where none can. */
  readonly fails: string | 'unknown' | undefined;
  /** True of values that become others without an error; undefined where none can. */
  readonly loses: string | undefined;
  /** What becomes of them. */
  readonly lossText: string;
  /** True where the values are read in, or written for, the time zone of the session. */
  readonly usesTimeZone: boolean;
  /** Whether the server keeps the rows as they are. */
  readonly isInPlace: boolean;
  /** Whether indexes on the column have to be made again all the same. */
  readonly rebuildsIndexes: boolean;
}
