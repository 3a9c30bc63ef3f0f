import type { Knex } from 'knex';
import { engineOf } from '../cli/project.js';
import type { Block } from '../documents/block.js';
import { historyBlocks } from '../documents/history.js';
import { html, htmlFragment } from '../documents/html.js';
import { markdown } from '../documents/markdown.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { withMeta } from '../metadata/withMeta.js';
import { describeHistory } from '../migrator/describe.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Command, Context } from './command.js';
import { withCompared } from './comparedDatabase.js';
import { schemaNamesOf } from './examine.js';
import { writeOrCheck } from './generatedFile.js';
import { tellHistory } from './historyChapters.js';
import { readHistory } from './migrateHistory.js';
import { readPending } from './migrateInspect.js';
import { shadowOf } from './rehearsal.js';

const FORMATS = { markdown: './MIGRATIONS.md', html: './migrations.html' } as const;

/** What changes with the database stands between these, and is not compared. */
const BEGIN = '<!-- status -->\n';
const END = '<!-- /status -->\n';

const withoutStatus = (text: string): string => text.replace(new RegExp(`\\n${BEGIN}[\\s\\S]*?${END}`), '');

async function refusePending(context: Context): Promise<void> {
  const { pending } = await readPending(context);
  if (pending.length === 0) return;
  throw new KnexMetaError('MIGRATIONS_PENDING', `Migrations are pending: ${pending.join(', ')}.`, {
    remedy:
      'The tables are read from the database: apply them first (`npx knex-meta migrate:latest`). Or read them from a database that is made for the moment, `--head`, or leave them out, --no-tables. Nothing was written.',
    details: { pending },
  });
}

/** The tables of a database, which must be what the files lead to. */
async function readTables(context: Context, engine: Engine, db: Knex) {
  const { config } = await context.project();
  const home = await engine.homeSchema(plainView(db));
  const names = await schemaNamesOf(engine, config, db, home);
  return { schema: await engine.introspect(plainView(db), names), home };
}

/** What the files lead to: in the project's database, or with --head in one that is made for the moment. */
async function readWhole(context: Context, engine: Engine) {
  if (context.args.head === true) return withCompared(context, ({ db }) => readTables(context, engine, db));
  await refusePending(context);
  const { db } = await context.database();
  return readTables(context, engine, db);
}

/** What a database says of each migration. */
async function statusBlocks(context: Context): Promise<readonly Block[]> {
  const { environment } = await context.project();
  const rows = describeHistory(await readHistory(context)).map(({ revision, state, appliedAt, runBy }) => [
    [{ code: revision }],
    [state],
    [appliedAt?.toISOString() ?? ''],
    [runBy ?? ''],
  ]);
  return [
    { kind: 'heading', level: 2, text: `Status of ${environment}` },
    { kind: 'table', head: ['revision', 'state', 'applied', 'by'], rows },
  ];
}

function withStatus(text: string, blocks: readonly Block[], format: keyof typeof FORMATS): string {
  if (format === 'markdown') return `${text}\n${BEGIN}\n${markdown(blocks)}\n${END}`;
  return text.replace('</body>', () => `\n${BEGIN}${htmlFragment(blocks)}\n${END}</body>`);
}

const onlyProjects = (schema: DatabaseSchema, own: readonly string[]): DatabaseSchema => ({
  ...schema,
  tables: schema.tables.filter(({ name, extension }) => extension === undefined && !own.includes(name)),
});

export const migrateDocs: Command = {
  command: 'migrate:docs',
  describe:
    'Write the history of the schema as a document: migrations, what each does, tables and their keys',
  flags: {
    out: { type: 'string', describe: 'the file; default: MIGRATIONS.md or migrations.html' },
    format: { type: 'string', describe: 'markdown or html; default: by the file, else markdown' },
    title: { type: 'string', describe: 'the heading; default: Migration history' },
    tables: { type: 'boolean', describe: 'the tables; --no-tables leaves them out' },
    head: {
      type: 'boolean',
      describe: 'the tables as all migration files make them, in an empty database of a moment',
    },
    shadow: {
      type: 'string',
      describe: 'with --head: the URL of a database on the server where that one is made',
    },
    status: { type: 'boolean', describe: 'also what is applied in the database, when and by whom' },
    check: {
      type: 'boolean',
      describe: 'write nothing; exit code 3 when the file is stale. The status is not compared',
    },
  },
  examples: [
    ['knex-meta migrate:docs --out docs/migrations.md', 'in the repository, with Mermaid diagrams'],
    ['knex-meta migrate:docs --out docs/migrations.md --check', 'for CI'],
    ['knex-meta migrate:docs --head --check', 'the same where no database has the tables'],
  ],
  run: async (context) => {
    const { args } = context;
    const { config, extension } = await context.project();
    const engine = engineOf(config);
    const isHtml = /\.html?$/i.test(String(args.out ?? ''));
    const format = String(args.format ?? (isHtml ? 'html' : 'markdown'));
    if (format !== 'markdown' && format !== 'html') {
      throw new KnexMetaError('USAGE', `--format takes markdown or html, not "${format}".`);
    }
    const settings = { ...config.migrations, extension };
    const told = await tellHistory(engine, withMeta({ ...config, migrations: settings }), settings, {
      ...shadowOf(context, config),
      signal: context.signal(),
    });
    const isWanted = args.tables !== false;
    const read =
      told.schema === undefined && isWanted
        ? await readWhole(context, engine)
        : { schema: told.schema, home: undefined };
    const own = ownTables(recordTables(settings));
    const blocks = historyBlocks({
      title: String(args.title ?? 'Migration history'),
      chapters: told.chapters,
      schema: isWanted && read.schema ? onlyProjects(read.schema, own) : undefined,
      home: read.home,
    });
    const text = format === 'html' ? html(blocks) : markdown(blocks);
    return writeOrCheck(
      context,
      {
        file: String(args.out ?? FORMATS[format]),
        text: args.status === true ? withStatus(text, await statusBlocks(context), format) : text,
        command: 'migrate:docs',
        flags: ['out', 'format', 'title', 'tables', 'head'],
        comparable: withoutStatus,
      },
      { migrations: told.chapters.length },
    );
  },
};
