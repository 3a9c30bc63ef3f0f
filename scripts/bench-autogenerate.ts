/**
 * What comparing models with a database that is as they say costs beside Debian's Alembic, whole processes in turns:
 * `npx tsx scripts/bench-autogenerate.ts [tables ...] [SQLite] [PostgreSQL]`. Prints the table of docs/performance.md. Build first.
 * Without Alembic (`apt-get install alembic python3-psycopg2`) it prints our times and how they grow.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import knex, { type Knex } from 'knex';
import { freshPostgres, freshSqlite, removeTemporaryFolders } from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';

const ROOT = resolve(import.meta.dirname ?? '.', '..');
const OURS = join(ROOT, 'dist/bin/knex-meta.js');
/** Debian's own interpreter: another one would not see its packages. */
const PYTHON = '/usr/bin/python3';
const ROUNDS = 3;
const SAID = process.argv.slice(2);
const COUNTS = SAID.filter((each) => /^\d+$/.test(each)).map(Number);
const TITLES = SAID.filter((each) => /^\D/.test(each));
/** So many tables are made at a time: a server has room for some thousand locks in one transaction. */
const AT_A_TIME = 1000;

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** A tree of keys, for Alembic follows a chain by recursion. Ten columns, a foreign key and two indexes each; the metadata columns are five of the ten. */
const model = (index: number): string => `export const t${index} = defineModel('table_${index}', (t) => {
  t.increments('id');
  t.string('name', 100).notNullable();
  t.integer('count').defaultTo(0);
  t.decimal('price', 10, 2);
  t.integer('parent_id').unsigned().references('id').inTable('table_${Math.floor(index / 10)}');
  t.index(['name'], 'table_${index}_name_index');
  t.index(['count', 'price'], 'table_${index}_count_price_index');
});
`;

const ALEMBIC_MODELS = (count: number): string => `import sqlalchemy as sa
metadata = sa.MetaData()
for i in range(${count}):
    sa.Table(f'table_{i}', metadata,
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('name', sa.String(100), nullable=False),
        sa.Column('count', sa.Integer, server_default='0'),
        sa.Column('price', sa.Numeric(10, 2)),
        sa.Column('parent_id', sa.Integer, sa.ForeignKey(f'table_{i // 10}.id')),
        sa.Column('is_active', sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column('is_flagged', sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column('notes', sa.Text),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Index(f'table_{i}_name_index', 'name'),
        sa.Index(f'table_{i}_count_price_index', 'count', 'price'))
`;

const ENV = (url: string): string => `from alembic import context
from sqlalchemy import create_engine
from models import metadata
engine = create_engine('${url}')
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
`;

interface Project {
  readonly folder: string;
  run(): void;
}

/** A project of ours whose database has what its models say. */
async function ourProject(count: number, config: Knex.Config): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'knex-meta-bench-'));
  for (const name of ['models', 'migrations', 'node_modules']) mkdirSync(join(folder, name));
  for (const name of ['knex', 'pg', 'better-sqlite3'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  symlinkSync(ROOT, join(folder, 'node_modules', 'knex-meta'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'knexfile.js'), `export default ${JSON.stringify(config)};\n`);
  const run = (...args: readonly string[]): void => {
    execute(process.execPath, [OURS, ...args], folder);
  };
  const empty = knex(config);
  await empty.raw('select 1');
  await empty.destroy();
  const perFile = 10;
  for (let start = 0; start < count; start += perFile) {
    const models = Array.from({ length: Math.min(perFile, count - start) }, (_each, at) => model(start + at));
    writeFileSync(
      join(folder, 'models', `models_${start}.js`),
      `import { defineModel } from 'knex-meta';\n\n${models.join('\n')}`,
    );
    const end = start + perFile;
    if (end < count && end % AT_A_TIME !== 0) continue;
    run('migrate:make', `tables_to_${end}`, '--autogenerate');
    run('migrate:latest');
  }
  return { folder, run: () => run('check:models') };
}

const AUTOCOMMIT = (url: string): string =>
  url.startsWith('postgresql') ? ", isolation_level='AUTOCOMMIT'" : '';

/** A project of Alembic's whose database has what its models say. */
function alembicProject(count: number, url: string): Project {
  const folder = mkdtempSync(join(tmpdir(), 'knex-meta-bench-'));
  mkdirSync(join(folder, 'alembic', 'versions'), { recursive: true });
  writeFileSync(join(folder, 'alembic.ini'), '[alembic]\nscript_location = alembic\nprepend_sys_path = .\n');
  writeFileSync(join(folder, 'models.py'), ALEMBIC_MODELS(count));
  writeFileSync(join(folder, 'alembic', 'env.py'), ENV(url));
  cpSync(
    '/usr/lib/python3/dist-packages/alembic/templates/generic/script.py.mako',
    join(folder, 'alembic', 'script.py.mako'),
  );
  const python = (...args: readonly string[]): void => {
    execute(PYTHON, args, folder);
  };
  python(
    '-c',
    `from models import metadata; import sqlalchemy; metadata.create_all(sqlalchemy.create_engine('${url}'${AUTOCOMMIT(url)}))`,
  );
  // 1.8 has no `check`: a revision is written, which is then found to be empty.
  const run = (): void => {
    python('-m', 'alembic', 'revision', '--autogenerate', '-m', 'nothing');
    rmSync(join(folder, 'alembic', 'versions'), { recursive: true });
    mkdirSync(join(folder, 'alembic', 'versions'));
  };
  return { folder, run };
}

/** A program that is let speak only when it fails. */
function execute(program: string, args: readonly string[], folder: string): void {
  const { status, stderr } = spawnSync(program, [...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(-2000)}`);
}

const timeOf = (action: () => void): number => {
  const start = performance.now();
  action();
  return performance.now() - start;
};

/** The address as SQLAlchemy writes it. */
const urlFor = (url: string): string =>
  url.replace('sqlite:', 'sqlite:///').replace('postgres:', 'postgresql:');

const ENGINES = [
  ['SQLite', freshSqlite],
  ['PostgreSQL', freshPostgres],
] as const;

const hasAlembic = spawnSync(PYTHON, ['-c', 'import alembic, psycopg2']).status === 0;
console.log('| | tables | Alembic 1.8, s | knex-meta, s | ratio |\n|---|---|---|---|---|');
for (const [title, fresh] of ENGINES) {
  if (TITLES.length > 0 && !TITLES.includes(title)) continue;
  for (const count of COUNTS.length === 0 ? [200, 1000, 5000] : COUNTS) {
    const times: { alembic: number[]; ours: number[] } = { alembic: [], ours: [] };
    const ours = await ourProject(count, (await fresh()).config);
    const alembic = hasAlembic ? alembicProject(count, urlFor((await fresh()).url)) : undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      if (alembic !== undefined) times.alembic.push(timeOf(alembic.run) / 1000);
      times.ours.push(timeOf(ours.run) / 1000);
    }
    const [theirs, mine] = [median(times.alembic), median(times.ours)];
    console.log(
      `| ${title} | ${count} | ${theirs.toFixed(1)} | ${mine.toFixed(2)} | ${(mine / theirs).toFixed(3)} |`,
    );
    for (const project of [ours, alembic])
      if (project !== undefined) rmSync(project.folder, { recursive: true });
  }
}
await stopPostgres();
removeTemporaryFolders();
process.exit(0);
