import { sqlName } from '../../operations/sqlName.js';
import type {
  DatabaseFunction,
  Domain,
  EnumType,
  Extension,
  OtherObject,
  Sequence,
  View,
} from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import type { Trigger } from '../../schema/table.js';
import { sequenceOptions } from '../column.js';
import { argumentsOf, domainSql } from '../objectPieces.js';
import { indexSql, type RenderContext } from '../parts.js';
import { codeText, sqlObject, sqlText } from '../text.js';
import { callText, qualified, sqlDefinition } from './call.js';
import { saidSchema } from './table.js';

export function enumText({ schema, name, values, comment }: EnumType, context: RenderContext): string {
  const list = `[${values.map((value) => codeText(value)).join(', ')}]`;
  const broken =
    list.length < 80 ? list : `[\n${values.map((value) => `    ${codeText(value)},\n`).join('')}  ]`;
  return callText('defineEnum', name, [broken], { schema: saidSchema(schema, context), comment });
}

export function extensionText({ name, schema }: Extension, context: RenderContext): string {
  return callText('defineExtension', name, [], { schema: saidSchema(schema, context) });
}

const commentOn = (kind: string, name: string, comment: string | undefined): readonly string[] =>
  comment === undefined ? [] : [`comment on ${kind} ${name} is ${sqlText(comment)}`];

export function domainText(domain: Domain, { defaultSchema }: RenderContext): string {
  const name = sqlObject(domain, defaultSchema);
  return sqlDefinition(
    qualified(domain, defaultSchema),
    [...domainSql(domain, defaultSchema), ...commentOn('domain', name, domain.comment)],
    [`drop domain ${name}`],
  );
}

/** What is known by its statements only. */
export function otherText(object: OtherObject, { defaultSchema }: RenderContext): string {
  const { kind, table, definition = '', drop = '' } = object;
  const of = table === undefined || table === object.name ? '' : ` of ${table}`;
  return sqlDefinition(`${kind} ${qualified(object, defaultSchema)}${of}`, [definition], [drop]);
}

/** Which column owns it is said with the table. */
export function sequenceText(sequence: Sequence, { defaultSchema }: RenderContext): string {
  const name = sqlObject(sequence, defaultSchema);
  return sqlDefinition(
    qualified(sequence, defaultSchema),
    [
      ['create sequence', name, ...sequenceOptions(sequence, true)].join(' '),
      ...commentOn('sequence', name, sequence.comment),
    ],
    [`drop sequence ${name}`],
  );
}

/** What a column owns of a sequence beside its own numbering. */
export function ownershipSql(sequence: Sequence, { defaultSchema }: RenderContext): string {
  const { ownedBy } = sequence;
  const owner =
    ownedBy === undefined ? 'none' : `${sqlObject(ownedBy.table, defaultSchema)}.${sqlName(ownedBy.column)}`;
  return `alter sequence ${sqlObject(sequence, defaultSchema)} owned by ${owner}`;
}

/** The view itself; and apart, what SQL says of it. */
export function viewText(view: View, context: RenderContext): string {
  const { schema, name, definition, columns, options, comment, indexes, isMaterialized } = view;
  // An engine that keeps no types of a view's columns lists those that the view names itself.
  const named = columns.every(({ type }) => type === undefined) ? columns.map((column) => column.name) : [];
  return callText(isMaterialized ? 'defineMaterializedView' : 'defineView', name, [codeText(definition)], {
    schema: saidSchema(schema, context),
    columns: named,
    options,
    indexes: indexes.map((index) => indexSql(view, index, context)),
    comment,
  });
}

/** What has to be said of a view beside its definition. */
export function viewComments(view: View, { defaultSchema }: RenderContext): readonly string[] {
  const name = sqlObject(view, defaultSchema);
  return [
    ...view.columns.flatMap((column) =>
      commentOn('column', `${name}.${sqlName(column.name)}`, column.comment),
    ),
    ...view.indexes.flatMap((index) =>
      commentOn('index', sqlObject({ schema: view.schema, name: index.name }, defaultSchema), index.comment),
    ),
  ];
}

export function functionText(
  { schema, name, kind, declaration, comment }: DatabaseFunction,
  isOverloaded: boolean,
  context: RenderContext,
): string {
  return callText('defineFunction', name, [codeText(declaration.trim())], {
    schema: saidSchema(schema, context),
    kind: kind === 'function' ? undefined : kind,
    comment: isOverloaded ? undefined : comment,
  });
}

/** The comment of one of several functions of a name. */
export function functionComment(
  { schema, name, kind, identity, comment }: DatabaseFunction,
  { defaultSchema }: RenderContext,
): readonly string[] {
  return commentOn(
    kind,
    `${sqlObject({ schema, name }, defaultSchema)}${argumentsOf(kind, identity)}`,
    comment,
  );
}

const TRIGGER =
  /^\s*create\s+(?:temp(?:orary)?\s+)?trigger\s+(?:if\s+not\s+exists\s+)?(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|'(?:[^']|'')+'|[\p{L}_][\p{L}\p{N}_$]*)\s+/iu;

const STATES = { yes: '', no: 'disable', replica: 'enable replica', always: 'enable always' } as const;

/** A trigger in `defineTrigger`, or with what that has no word for in SQL. */
export function triggerText(trigger: Trigger, table: ObjectName, { defaultSchema }: RenderContext): string {
  const { name, definition, enabled, comment, calls } = trigger;
  const head = TRIGGER.exec(definition)?.[0];
  if (head !== undefined && enabled === 'yes' && comment === undefined)
    return callText('defineTrigger', name, [codeText(definition.slice(head.length))]);
  const on = sqlObject(table, defaultSchema);
  return sqlDefinition(
    `${qualified(table, defaultSchema)}.${name}`,
    [
      definition,
      ...(enabled === 'yes' ? [] : [`alter table ${on} ${STATES[enabled]} trigger ${sqlName(name)}`]),
      ...commentOn('trigger', `${sqlName(name)} on ${on}`, comment),
    ],
    [`drop trigger ${sqlName(name)}${calls === undefined ? '' : ` on ${on}`}`],
  );
}
