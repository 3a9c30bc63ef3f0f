/** What a row says that is made again by statements of its own. */
export interface OtherParts {
  readonly kind: string;
  readonly name: string;
  /** The relation, or the object itself, as SQL names it here. */
  readonly subject?: string;
  /** Quoted. */
  readonly quoted?: string;
  /** What differs between objects of the kind. */
  readonly detail?: string;
  readonly back?: string;
}

interface Statements {
  readonly definition: string | undefined;
  readonly drop: string | undefined;
}

/** The statements that make an object and take it away; undefined for what only a person can. */
export function statementsOf({ kind, subject = '', quoted = '', detail, back = '' }: OtherParts): Statements {
  if (detail === undefined) return { definition: undefined, drop: undefined };
  const make = (definition: string, drop: string): Statements => ({ definition, drop });
  switch (kind) {
    case 'composite type':
      return make(`create type ${subject} as (${detail})`, `drop type ${subject}`);
    case 'range type':
      return make(`create type ${subject} as range (${detail})`, `drop type ${subject}`);
    case 'text search configuration':
      return make(`create ${kind} ${subject} ${detail}`, `drop ${kind} ${subject}`);
    case 'text search dictionary':
      return make(`create ${kind} ${subject} (${detail})`, `drop ${kind} ${subject}`);
    case 'collation':
      return make(`create collation ${subject} (${detail})`, `drop collation ${subject}`);
    case 'operator':
      return make(`create operator ${subject} (${detail})`, `drop operator ${subject} (${back})`);
    case 'policy':
      return make(`create policy ${quoted} on ${subject} ${detail}`, `drop policy ${quoted} on ${subject}`);
    case 'rule':
      return make(detail.replace(/;\s*$/, ''), `drop rule ${quoted} on ${subject}`);
    case 'statistics':
      return make(detail, `drop statistics ${subject}`);
    case 'storage':
    case 'compression':
    case 'statistics target':
    case 'column options':
    case 'own default':
      // Tables that have the column from this one have a setting of their own.
      return make(
        `alter table only ${subject} alter column ${quoted} ${detail}`,
        `alter table only ${subject} alter column ${quoted} ${back}`,
      );
    case 'own not null':
      // Its partitions need it too.
      return make(
        `alter table ${subject} alter column ${quoted} ${detail}`,
        `alter table ${subject} alter column ${quoted} ${back}`,
      );
    case 'type of table':
      return make(`alter table ${subject} ${detail}`, `alter table ${subject} ${back}`);
    case 'unlogged sequence':
      return make(`alter sequence ${subject} set unlogged`, `alter sequence ${subject} set logged`);
    case 'comment of sequence':
      return make(`comment on sequence ${subject} is ${detail}`, `comment on sequence ${subject} is null`);
    case 'replica identity':
      return make(
        `alter table ${subject} replica identity ${detail}`,
        `alter table ${subject} replica identity default`,
      );
    case 'clustered index':
      return make(
        `alter table ${subject} cluster on ${quoted}`,
        `alter table ${subject} set without cluster`,
      );
    default:
      return { definition: undefined, drop: undefined };
  }
}
