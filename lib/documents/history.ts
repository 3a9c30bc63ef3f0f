import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Block, Inline } from './block.js';
import { entities, isUnique, timeline } from './mermaid.js';

/** One migration, as the document tells of it. */
export interface Chapter {
  readonly revision: string;
  /** From the project's folder. */
  readonly path: string | undefined;
  readonly revises: readonly string[];
  /** The comment that its file begins with. */
  readonly description: string | undefined;
  /** The description is the list that knex-meta has written into a generated file. */
  readonly isGenerated: boolean;
  /** Why it does not run in an empty database; undefined where it does, or was not tried. */
  readonly failure: string | undefined;
  /** What it does, a line each; undefined where only running it tells. */
  readonly operations: readonly string[] | undefined;
}

export interface HistoryOptions {
  readonly title: string;
  readonly chapters: readonly Chapter[];
  /** What all migrations lead to; undefined where that is left out. */
  readonly schema: DatabaseSchema | undefined;
  /** The schema whose tables are called by their name alone. */
  readonly home: string | undefined;
}

const code = (text: string): Inline => ({ code: text });

/** `2025-01-31` of a name that begins with the time of its making. */
function dateOf(revision: string): string {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})(?:\d{4,6})?(?!\d)/.exec(revision) ?? [];
  return year === undefined ? 'undated' : `${year}-${month}-${day}`;
}

/** `create users` of `20250131120000_create_users`. */
const wordsOf = (revision: string): string => revision.replace(/^\d+[-_]?/, '').replaceAll(/[-_]+/g, ' ');

function summaryOf({ description, isGenerated, revision }: Chapter): string {
  const words = wordsOf(revision);
  const first = description?.split('\n')[0];
  return (isGenerated ? words || first : first || words) || revision;
}

function countOf({ operations }: Chapter): string {
  return operations === undefined
    ? 'not known'
    : operations.length === 0
      ? 'none'
      : String(operations.length);
}

function chapterBlocks(chapter: Chapter, index: number): readonly Block[] {
  const { revision, path, revises, description, isGenerated, failure, operations } = chapter;
  const follows = revises.flatMap((each, place): Inline[] => [place === 0 ? '' : ', ', code(each)]);
  const head: Inline[] = [
    ...(path === undefined ? [] : ['File: ', code(path), '. ']),
    ...(follows.length === 0 ? ['The first one.'] : ['Follows ', ...follows, '.']),
  ];
  const body: readonly Block[] =
    operations === undefined
      ? [
          {
            kind: 'paragraph',
            text:
              failure === undefined
                ? ['What it does depends on what is in a database: only running it tells.']
                : [
                    'It does not run in an empty database (',
                    code(failure),
                    '): what it changes is from before the migrations, or made by one that does not run there.',
                  ],
          },
        ]
      : operations.length === 0
        ? [{ kind: 'paragraph', text: ['A placeholder: it changes nothing.'] }]
        : [{ kind: 'list', items: operations.map((each) => [code(each)]) }];
  return [
    { kind: 'heading', level: 3, text: `${index + 1}. ${revision}` },
    { kind: 'paragraph', text: head },
    // The list of a generated file is that of its operations.
    ...(description === undefined || (isGenerated && operations !== undefined)
      ? []
      : description.split(/\n\s*\n/).map((text): Block => ({ kind: 'paragraph', text: [text] }))),
    ...body,
  ];
}

function tableBlocks(table: Table, nameOf: (name: ObjectName) => string): readonly Block[] {
  const keysOf = (name: string): string =>
    [
      table.primaryKey?.columns.includes(name) ? 'primary key' : [],
      table.foreignKeys.some(({ columns: of }) => of.includes(name)) ? 'foreign key' : [],
      isUnique(table, name) ? 'unique' : [],
    ]
      .flat()
      .join(', ');
  const columns = table.columns.map((column) => [
    [code(column.name)],
    [code(column.type || 'any')],
    [column.nullable ? 'null' : 'not null'],
    column.defaultTo === undefined
      ? [
          column.generated === undefined
            ? (column.numbering?.kind ?? '')
            : code(`= ${column.generated.expression}`),
        ]
      : [code(column.defaultTo)],
    [keysOf(column.name)],
  ]);
  const list = (names: readonly string[]): string => `(${names.join(', ')})`;
  const items: readonly (readonly Inline[])[] = [
    ...table.foreignKeys.map(({ columns: from, target, targetColumns, onDelete }) => [
      'foreign key ',
      code(
        `${list(from)} -> ${nameOf(target)} ${targetColumns === undefined ? '' : list(targetColumns)}`.trim(),
      ),
      onDelete === 'no action' ? '' : `, on delete ${onDelete}`,
    ]),
    ...table.uniques.map(({ columns: of }) => ['unique ', code(list(of))]),
    ...table.checks.map(({ expression }) => ['check ', code(expression)]),
    ...table.indexes.map(({ name, unique }) => [unique ? 'unique index ' : 'index ', code(name)]),
  ];
  return [
    { kind: 'heading', level: 3, text: nameOf(table) },
    ...(table.comment === undefined ? [] : [{ kind: 'paragraph', text: [table.comment] } as const]),
    { kind: 'table', head: ['column', 'type', 'null', 'default', 'key'], rows: columns },
    ...(items.length === 0 ? [] : [{ kind: 'list', items } as const]),
  ];
}

function schemaBlocks(schema: DatabaseSchema, nameOf: (name: ObjectName) => string): readonly Block[] {
  if (schema.tables.length === 0) return [{ kind: 'paragraph', text: ['There is no table.'] }];
  return [
    { kind: 'diagram', text: entities(schema.tables, nameOf) },
    ...schema.tables.flatMap((table) => tableBlocks(table, nameOf)),
  ];
}

/** The history of a project's schema: what each migration is and does, when it was made, and what all lead to. */
export function historyBlocks({ title, chapters, schema, home }: HistoryOptions): readonly Block[] {
  const nameOf = ({ schema: of, name }: ObjectName): string =>
    of === undefined || of === home ? name : `${of}.${name}`;
  const dated = chapters.map((chapter) => ({ when: dateOf(chapter.revision), what: summaryOf(chapter) }));
  const rows = chapters.map((chapter, index) => [
    [String(index + 1)],
    [code(chapter.revision)],
    [dateOf(chapter.revision)],
    [summaryOf(chapter)],
    [countOf(chapter)],
  ]);
  return [
    { kind: 'heading', level: 1, text: title },
    {
      kind: 'paragraph',
      text: ['Written by ', code('knex-meta migrate:docs'), '; changes by hand are lost.'],
    },
    ...(chapters.length === 0
      ? [{ kind: 'paragraph', text: ['There is no migration.'] } as const]
      : ([
          { kind: 'table', head: ['#', 'revision', 'made', 'what', 'operations'], rows },
          { kind: 'heading', level: 2, text: 'Timeline' },
          { kind: 'diagram', text: timeline(title, dated) },
          { kind: 'heading', level: 2, text: 'Migrations' },
          ...chapters.flatMap(chapterBlocks),
        ] as const)),
    ...(schema === undefined
      ? []
      : [{ kind: 'heading', level: 2, text: 'Tables' } as const, ...schemaBlocks(schema, nameOf)]),
  ];
}
