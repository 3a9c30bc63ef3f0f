import { sameObject } from '../../operations/operation.js';
import type { Column } from '../../schema/column.js';
import type { DatabaseFunction, DatabaseSchema, OtherObject, Sequence } from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table, Trigger } from '../../schema/table.js';
import { isPlainSerial } from '../column.js';
import type { MigrationForm } from '../file.js';
import type { RenderContext } from '../parts.js';
import { isBeyondBuilder } from '../tableSql.js';
import { quote } from '../text.js';
import { qualified, sqlDefinition } from './call.js';
import { exportName, fileStem, uniqueNames } from './identifiers.js';
import {
  domainText,
  enumText,
  extensionText,
  functionComment,
  functionText,
  otherText,
  ownershipSql,
  sequenceText,
  triggerText,
  viewComments,
  viewText,
} from './objects.js';
import { tableSqlText, tableText } from './table.js';

/** One definition of a file. */
interface Definition {
  readonly kind: string;
  readonly object: ObjectName;
  /** The file that it is in, by its name alone; undefined for those that share one. */
  readonly of: ObjectName | undefined;
  /** The file of its kind. */
  readonly group: string;
  readonly exported: string;
  readonly text: string;
}

/** A file of models, by its path below the models directory without an extension. */
export interface ModelFile {
  readonly stem: string;
  readonly text: string;
  readonly models: readonly { readonly kind: string; readonly name: string }[];
}

const ownTriggers = ({ triggers }: { readonly triggers: readonly Trigger[] }) =>
  triggers.filter(({ stamps }) => stamps === undefined);

/** What is on a table or view and known by its statements only. */
const othersOf = ({ schema, name }: ObjectName, { others }: DatabaseSchema) =>
  others.filter((each) => each.table === name && each.schema === schema);

function ruleDefinition(
  rule: OtherObject,
  { of, group }: Pick<Definition, 'of' | 'group'>,
  context: RenderContext,
): Definition {
  const object = { schema: rule.schema, name: rule.name };
  return { of, group, object, kind: rule.kind, exported: rule.name, text: otherText(rule, context) };
}

function rootOf(table: Table, schema: DatabaseSchema): ObjectName {
  const parent = schema.tables.find((each) => sameObject(each, table.partitionOf?.parent));
  return parent === undefined || parent.schema !== table.schema ? table : rootOf(parent, schema);
}

function tableDefinitions(
  table: Table,
  schema: DatabaseSchema,
  context: RenderContext,
): readonly Definition[] {
  const others = othersOf(table, schema);
  // Other tables may be in them.
  const rules = others.filter(({ kind }) => kind === 'rule' || kind === 'policy');
  const settings = others.filter((each) => !rules.includes(each));
  const owned = schema.sequences.filter(({ ownedBy }) => sameObject(ownedBy?.table, table));
  const more = [
    ...owned.map((sequence) => ownershipSql(sequence, context)),
    ...settings.flatMap(({ definition }) => definition ?? []),
  ];
  // Partitions are with the table that they are of.
  const base = { of: rootOf(table, schema), group: '' };
  const text = isBeyondBuilder(table) ? tableSqlText(table, context, more) : tableText(table, context, more);
  return [
    { ...base, kind: 'table', object: table, exported: table.name, text },
    ...rules.map((rule) => ruleDefinition(rule, base, context)),
    ...ownTriggers(table).map((trigger) => ({
      ...base,
      kind: 'trigger',
      object: { schema: table.schema, name: trigger.name },
      exported: trigger.name === table.name ? `${trigger.name}_trigger` : trigger.name,
      text: triggerText(trigger, table, context),
    })),
  ];
}

function viewDefinitions(
  view: DatabaseSchema['views'][number],
  schema: DatabaseSchema,
  context: RenderContext,
): readonly Definition[] {
  const base = { of: view, group: '', object: view };
  const rules = othersOf(view, schema);
  const comments = viewComments(view, context);
  return [
    {
      ...base,
      kind: view.isMaterialized ? 'materialized view' : 'view',
      exported: view.name,
      text: viewText(view, context),
    },
    ...(comments.length === 0
      ? []
      : [
          {
            ...base,
            kind: 'SQL',
            exported: `${view.name}_comments`,
            text: sqlDefinition(`${qualified(view, context.defaultSchema)}_comments`, comments, []),
          },
        ]),
    ...rules.map((rule) => ruleDefinition(rule, base, context)),
    ...ownTriggers(view).map((trigger) => ({
      ...base,
      kind: 'trigger',
      object: { schema: view.schema, name: trigger.name },
      exported: trigger.name,
      text: triggerText(trigger, view, context),
    })),
  ];
}

function functionDefinitions(
  all: readonly DatabaseFunction[],
  context: RenderContext,
): readonly Definition[] {
  return all.flatMap((each) => {
    const isOverloaded = all.filter((other) => sameObject(other, each)).length > 1;
    const base = { object: each, of: undefined, group: 'functions', kind: each.kind };
    const comment = isOverloaded || each.kind === 'aggregate' ? functionComment(each, context) : [];
    const name = `${qualified(each, context.defaultSchema)}(${each.identity})`;
    return [
      {
        ...base,
        exported: each.name,
        text: functionText(each, isOverloaded || each.kind === 'aggregate', context),
      },
      ...(comment.length === 0
        ? []
        : [
            {
              ...base,
              kind: 'SQL',
              exported: `${each.name}_comment`,
              text: sqlDefinition(`${name}_comment`, comment, []),
            },
          ]),
    ];
  });
}

/** Every definition, with the file that it belongs in. */
function definitionsOf(schema: DatabaseSchema, context: RenderContext): readonly Definition[] {
  const shared = <Of extends ObjectName>(
    kind: string,
    group: string,
    objects: readonly Of[],
    text: (object: Of, context: RenderContext) => string,
  ): readonly Definition[] =>
    objects.map((object) => ({
      kind,
      object,
      of: undefined,
      group,
      exported: object.name,
      text: text(object, context),
    }));
  return [
    ...shared('extension', 'extensions', schema.extensions, extensionText).map((each) => ({
      ...each,
      object: { schema: context.defaultSchema, name: each.object.name },
    })),
    ...shared('enum', 'types', schema.enums, enumText),
    ...shared('domain', 'types', schema.domains, domainText),
    ...schema.others
      .filter(({ table }) => table === undefined)
      .map((object) => ({
        kind: object.kind,
        object,
        of: undefined,
        group: 'types',
        exported: object.name,
        text: otherText(object, context),
      })),
    ...shared('sequence', 'sequences', schema.sequences, sequenceText),
    ...functionDefinitions(schema.functions, context),
    ...schema.tables.flatMap((table) => tableDefinitions(table, schema, context)),
    ...schema.views.flatMap((view) => viewDefinitions(view, schema, context)),
  ];
}

/** Sequences of columns that are more than a serial type makes, or that other tables take from, as objects of their own. */
function withSequences(schema: DatabaseSchema, { wording }: RenderContext): DatabaseSchema {
  const shared = [...schema.tables, ...schema.views].flatMap(({ dependsOn }) =>
    dependsOn.filter(({ kind }) => kind === 'sequence'),
  );
  const apart: Sequence[] = [];
  const tables = schema.tables.map((table) => ({
    ...table,
    columns: table.columns.map((column): Column => {
      const { numbering } = column;
      if (numbering?.kind !== 'serial') return column;
      const { sequence } = numbering;
      if (isPlainSerial(table, column, wording) && !shared.some((each) => sameObject(each, sequence)))
        return column;
      const ownedBy = { table: { schema: table.schema, name: table.name }, column: column.name };
      apart.push({ ...sequence, comment: undefined, extension: undefined, ownedBy });
      return { ...column, numbering: undefined };
    }),
  }));
  return { ...schema, tables, sequences: [...schema.sequences, ...apart] };
}

function fileText(definitions: readonly Definition[], form: MigrationForm): string {
  const names = uniqueNames();
  const bodies = definitions.map(({ exported, text }) => {
    const name = names(exportName(exported));
    return form === 'commonjs' ? `exports.${name} = ${text};\n` : `export const ${name} = ${text};\n`;
  });
  const used = [...new Set(definitions.map(({ text }) => text.slice(0, text.indexOf('('))))].sort();
  const inline = `{ ${used.join(', ')} }`;
  const list = inline.length < 80 ? inline : `{\n${used.map((each) => `  ${each},\n`).join('')}}`;
  const source = quote('knex-meta');
  const head = form === 'commonjs' ? `const ${list} = require(${source});` : `import ${list} from ${source};`;
  return `${head}\n\n${bodies.join('\n')}`;
}

/**
 * Files of models that say what a schema has: one for each table and view, with the triggers on it, and one for each of
 * types, sequences, functions and extensions; what is in another schema than the default one is in a folder of its name.
 *
 * @param single - everything in one file of this name
 */
export function renderModels(
  schema: DatabaseSchema,
  context: RenderContext,
  form: MigrationForm,
  single?: string,
): readonly ModelFile[] {
  const definitions = definitionsOf(withSequences(schema, context), context);
  const stems = new Map<string, string>();
  const unique = uniqueNames((name) => name.toLowerCase());
  const files = new Map<string, Definition[]>();
  for (const definition of definitions) {
    const { object, of, group } = definition;
    const folder =
      object.schema === context.defaultSchema || object.schema === undefined
        ? ''
        : `${fileStem(object.schema)}/`;
    const key = JSON.stringify([object.schema ?? null, of?.name ?? null, group]);
    const stem =
      single ?? stems.get(key) ?? unique(`${folder}${of === undefined ? group : fileStem(of.name)}`);
    stems.set(key, stem);
    const found = files.get(stem) ?? [];
    files.set(stem, found);
    found.push(definition);
  }
  return [...files].map(([stem, own]) => ({
    stem,
    text: fileText(own, form),
    models: own.map(({ kind, object }) => ({ kind, name: qualified(object, context.defaultSchema) })),
  }));
}
