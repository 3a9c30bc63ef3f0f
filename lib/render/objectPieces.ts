import { type CommentChange, type Operation, renamedValue } from '../operations/operation.js';
import { sqlName } from '../operations/sqlName.js';
import type { Access, DatabaseFunction, Domain, EnumType, Sequence, View } from '../schema/database.js';
import { explicitOptions, sequenceOptions } from './column.js';
import { optionsSql } from './constraints.js';
import { indexSql, type RenderContext } from './parts.js';
import { alter, type Piece, sql } from './piece.js';
import { sqlNames, sqlObject, sqlText } from './text.js';

const values = ({ values: all }: EnumType) => all.map(sqlText).join(', ');

/** The comment of an object that is created. */
function commentPieces(
  on: string,
  object: EnumType | Domain | Sequence,
  defaultSchema: string | undefined,
): readonly Piece[] {
  const { comment } = object;
  if (comment === undefined) return [];
  return [sql(`comment on ${on} ${sqlObject(object, defaultSchema)} is ${sqlText(comment)}`)];
}

/** What no model says of an object that is made anew, or comes back: who may use it. */
function accessPieces(on: 'routine' | 'type', subject: string, access: Access | undefined): readonly Piece[] {
  if (access === undefined) return [];
  const privilege = on === 'routine' ? 'execute' : 'usage';
  const { owner, isPublic, grants } = access;
  return [
    ...(isPublic ? [] : [sql(`revoke ${privilege} on ${on} ${subject} from public`)]),
    ...grants.map(({ role, withGrantOption }) =>
      sql(`grant ${privilege} on ${on} ${subject} to ${role}${withGrantOption ? ' with grant option' : ''}`),
    ),
    ...(owner === undefined ? [] : [sql(`alter ${on} ${subject} owner to ${owner}`)]),
  ];
}

/** Values that came, each behind the one before it; those that went were taken care of by the engine. */
function enumPieces(
  change: Extract<Operation, { kind: 'enum' }>,
  { defaultSchema }: RenderContext,
): readonly Piece[] {
  const { from, to, renamedValues } = change;
  if (from === undefined)
    return to === undefined
      ? []
      : [
          sql(`create type ${sqlObject(to, defaultSchema)} as enum (${values(to)})`),
          ...commentPieces('type', to, defaultSchema),
          ...accessPieces('type', sqlObject(to, defaultSchema), to.access),
        ];
  if (to === undefined) return [sql(`drop type ${sqlObject(from, defaultSchema)}`)];
  const name = sqlObject(to, defaultSchema);
  const renamed = renamedValues.map((each) =>
    sql(`alter type ${name} rename value ${sqlText(each.from)} to ${sqlText(each.to)}`),
  );
  const has = from.values.map((value) => renamedValue(value, renamedValues));
  const added = to.values.flatMap((value, place) => {
    if (has.includes(value)) return [];
    const before = to.values[place - 1];
    const next = to.values.slice(place + 1).find((each) => has.includes(each));
    const where =
      before === undefined
        ? next === undefined
          ? ''
          : ` before ${sqlText(next)}`
        : ` after ${sqlText(before)}`;
    return [sql(`alter type ${name} add value ${sqlText(value)}${next === undefined ? '' : where}`)];
  });
  return [...renamed, ...added];
}

type DomainCheck = Domain['checks'][number];

const domainCheck = ({ name, expression, isValid }: DomainCheck): string =>
  `constraint ${sqlName(name)} check (${expression})${isValid ? '' : ' not valid'}`;

/** A domain, and afterwards those of its checks that values from before them may break. */
export function domainSql(domain: Domain, defaultSchema: string | undefined): readonly string[] {
  const { type, collation, defaultTo, nullable, checks } = domain;
  const name = sqlObject(domain, defaultSchema);
  return [
    [
      `create domain ${name} as ${type}`,
      collation === undefined ? '' : ` collate ${collation}`,
      defaultTo === undefined ? '' : ` default ${defaultTo}`,
      nullable ? '' : ' not null',
      ...checks.filter(({ isValid }) => isValid).map((check) => ` ${domainCheck(check)}`),
    ].join(''),
    ...checks
      .filter(({ isValid }) => !isValid)
      .map((check) => `alter domain ${name} add ${domainCheck(check)}`),
  ];
}

/** A domain is altered in place: columns have it. */
function alterDomain(from: Domain, to: Domain, defaultSchema: string | undefined): readonly Piece[] {
  const say = (text: string) => sql(`alter domain ${sqlObject(to, defaultSchema)} ${text}`);
  const isSame = (check: DomainCheck, others: readonly DomainCheck[]) =>
    others.some((each) => domainCheck(each) === domainCheck(check));
  return [
    ...(from.defaultTo === to.defaultTo
      ? []
      : [say(to.defaultTo === undefined ? 'drop default' : `set default ${to.defaultTo}`)]),
    ...(from.nullable === to.nullable ? [] : [say(`${to.nullable ? 'drop' : 'set'} not null`)]),
    ...from.checks
      .filter((each) => !isSame(each, to.checks))
      .map(({ name }) => say(`drop constraint ${sqlName(name)}`)),
    ...to.checks
      .filter((each) => !isSame(each, from.checks))
      .map((check) => say(`add ${domainCheck(check)}`)),
  ];
}

function viewPieces(view: View, isDrop: boolean, context: RenderContext): readonly Piece[] {
  const kind = view.isMaterialized ? 'materialized view' : 'view';
  const name = sqlObject(view, context.defaultSchema);
  if (isDrop) return [sql(`drop ${kind} ${name}`)];
  const isOneLine = !context.wording.keepsExpressions && !view.definition.includes('\n');
  // Elsewhere the query has all names in it.
  const columns = context.wording.keepsExpressions ? view.columns.map((column) => column.name) : [];
  const list = columns.length === 0 ? '' : ` (${sqlNames(columns)})`;
  return [
    sql(
      `create ${kind} ${name}${list}${optionsSql(view.options)} as${isOneLine ? ' ' : '\n'}${view.definition}${view.isMaterialized && !view.isPopulated ? '\nwith no data' : ''}`,
    ),
    ...view.indexes.map((index) => sql(indexSql(view, index, context))),
    ...(view.comment === undefined ? [] : [sql(`comment on ${kind} ${name} is ${sqlText(view.comment)}`)]),
    ...view.columns.flatMap(({ name: column, comment }) =>
      comment === undefined
        ? []
        : [sql(`comment on column ${name}.${sqlName(column)} is ${sqlText(comment)}`)],
    ),
    ...view.indexes.flatMap(({ name: index, comment }) =>
      comment === undefined
        ? []
        : [
            sql(
              `comment on index ${sqlObject({ schema: view.schema, name: index }, context.defaultSchema)} is ${sqlText(comment)}`,
            ),
          ],
    ),
    ...view.attached.map((statement) => sql(statement.replace(/;$/, ''))),
  ];
}

/** The arguments of a function as DROP and COMMENT take them: of an aggregate of none, a star. */
export function argumentsOf(kind: string, identity: string): string {
  return kind === 'aggregate' && identity === '' ? '(*)' : `(${identity})`;
}

function functionPieces(
  from: DatabaseFunction | undefined,
  to: DatabaseFunction | undefined,
  defaultSchema: string | undefined,
) {
  const subject = to ?? from;
  if (subject === undefined) return [];
  const name = sqlObject(subject, defaultSchema);
  const args = argumentsOf(subject.kind, subject.identity);
  if (to === undefined) return [sql(`drop ${subject.kind} ${name}${args}`)];
  const create = from === undefined ? 'create' : 'create or replace';
  return [
    sql(`${create} ${to.kind} ${name}${to.declaration.trimEnd()}`),
    ...(to.comment === undefined || from !== undefined
      ? []
      : [sql(`comment on ${to.kind} ${name}${args} is ${sqlText(to.comment)}`)]),
    ...(from === undefined ? accessPieces('routine', `${name}(${to.identity})`, to.access) : []),
  ];
}

function commentSql(
  { on, name, table, identity, to }: CommentChange,
  defaultSchema: string | undefined,
): string {
  const owner = table === undefined || on === 'index' ? '' : ` on ${sqlObject(table, defaultSchema)}`;
  const isLocal = on === 'constraint' || on === 'trigger' || on === 'schema';
  const subject = isLocal ? sqlName(name.name) : sqlObject(name, defaultSchema);
  const args = identity === undefined ? '' : argumentsOf(on, identity);
  return `comment on ${on} ${subject}${args}${owner} is ${to === undefined ? 'null' : sqlText(to)}`;
}

/** Everything that the builder has no words for. */
export function objectPieces(operation: Operation, context: RenderContext): readonly Piece[] {
  const { defaultSchema } = context;
  switch (operation.kind) {
    case 'schema': {
      const { from, to } = operation;
      return to === undefined
        ? [sql(`drop schema ${sqlName(from?.name ?? '')}`)]
        : from === undefined
          ? [sql(`create schema ${sqlName(to.name)}`)]
          : [];
    }
    case 'extension': {
      const { from, to } = operation;
      if (to === undefined) return [sql(`drop extension ${sqlName(from?.name ?? '')}`)];
      if (from !== undefined)
        return [sql(`alter extension ${sqlName(to.name)} update to ${sqlText(to.version)}`)];
      const where = to.schema === defaultSchema ? '' : ` with schema ${sqlName(to.schema)}`;
      return [sql(`create extension if not exists ${sqlName(to.name)}${where}`)];
    }
    case 'enum':
      return enumPieces(operation, context);
    case 'domain': {
      const { from, to } = operation;
      if (to === undefined)
        return from === undefined ? [] : [sql(`drop domain ${sqlObject(from, defaultSchema)}`)];
      return from === undefined
        ? [
            ...domainSql(to, defaultSchema).map(sql),
            ...commentPieces('domain', to, defaultSchema),
            ...accessPieces('type', sqlObject(to, defaultSchema), to.access),
          ]
        : alterDomain(from, to, defaultSchema);
    }
    case 'sequence': {
      const { from, to } = operation;
      if (to === undefined)
        return from === undefined ? [] : [sql(`drop sequence ${sqlObject(from, defaultSchema)}`)];
      const options =
        from === undefined ? sequenceOptions(to, true) : [`as ${to.type}`, ...explicitOptions(to)];
      return [
        sql(
          [
            `${from === undefined ? 'create' : 'alter'} sequence ${sqlObject(to, defaultSchema)}`,
            ...options,
          ].join(' '),
        ),
        ...(from === undefined ? commentPieces('sequence', to, defaultSchema) : []),
      ];
    }
    case 'other': {
      const statement = operation.to?.definition ?? operation.from?.drop;
      return statement === undefined ? [] : [sql(statement)];
    }
    case 'sequenceOwner': {
      const { sequence, to } = operation;
      const owner = to === undefined ? 'none' : `${sqlObject(to.table, defaultSchema)}.${sqlName(to.column)}`;
      return [sql(`alter sequence ${sqlObject(sequence, defaultSchema)} owned by ${owner}`)];
    }
    case 'view': {
      const { from, to } = operation;
      return [
        ...(from ? viewPieces(from, true, context) : []),
        ...(to ? viewPieces(to, false, context) : []),
      ];
    }
    case 'function':
      return functionPieces(operation.from, operation.to, defaultSchema);
    case 'trigger': {
      const { table, from, to } = operation;
      const drop =
        from === undefined
          ? []
          : [sql(dropTrigger(from.name, table, from.calls !== undefined, defaultSchema))];
      if (to === undefined) return drop;
      const state = { yes: '', no: 'disable', replica: 'enable replica', always: 'enable always' }[
        to.enabled
      ];
      return [
        ...drop,
        sql(to.definition),
        ...(state === '' ? [] : [alter(table, `${state} trigger ${sqlName(to.name)}`)]),
        ...(to.comment === undefined
          ? []
          : [
              sql(
                `comment on trigger ${sqlName(to.name)} on ${sqlObject(table, defaultSchema)} is ${sqlText(to.comment)}`,
              ),
            ]),
      ];
    }
    case 'comment':
      return [sql(commentSql(operation, defaultSchema))];
    case 'renameType': {
      const { from, to } = operation;
      return [
        ...(from.schema === to.schema
          ? []
          : [sql(`alter type ${sqlObject(from, defaultSchema)} set schema ${sqlName(to.schema ?? '')}`)]),
        ...(from.name === to.name
          ? []
          : [
              sql(
                `alter type ${sqlObject({ schema: to.schema, name: from.name }, defaultSchema)} rename to ${sqlName(to.name)}`,
              ),
            ]),
      ];
    }
    default:
      return [];
  }
}

/** A trigger is its table's where it calls a function, and the database's where it has statements of its own. */
function dropTrigger(
  name: string,
  table: { readonly schema: string | undefined; readonly name: string },
  isOfTable: boolean,
  defaultSchema: string | undefined,
): string {
  return `drop trigger ${sqlName(name)}${isOfTable ? ` on ${sqlObject(table, defaultSchema)}` : ''}`;
}
