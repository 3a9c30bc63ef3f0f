import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import type { CheckReport } from '../../lib/checks/finding.js';
import { runCheckMigration } from '../../lib/commands/checkMigration.js';
import type { KnexMetaConfig } from '../../lib/metadata/options.js';
import { install } from '../support/commandLine.js';
import { eachEngine, type TestEngine, temporaryFolder } from '../support/databases.js';
import { codesOf, runMending, withContext } from './support.js';

interface Case {
  readonly table: string;
  /** What is broken, in the engine's words; `$t` is the table. A case without the engine's words is not its. */
  readonly sqlite?: readonly string[];
  readonly postgresql?: readonly string[];
  /** The codes that the check must find for the table. */
  readonly finds: readonly string[];
  /** False: nothing that could be run mends it. */
  readonly isMended?: boolean;
}

const SQLITE_TRIGGER = (when: string, body: string): readonly string[] => [
  'drop trigger `update_timestamp_$t`',
  `create trigger \`update_timestamp_$t\` after update on \`$t\` for each row ${when} begin /* knex-meta */ ${body}; end`,
];
const ISO = "strftime('%Y-%m-%dT%H:%M:%fZ','now')";
const POSTGRES_FUNCTION = (name: string, body: string): string =>
  `create function ${name}() returns trigger language plpgsql as $f$ begin ${body} return new; end $f$`;
const onFunction = (name: string): readonly string[] => [
  'drop trigger update_timestamp on "$t"',
  `create trigger update_timestamp before update on "$t" for each row execute function ${name}()`,
];

const CASES: readonly Case[] = [
  { table: 'whole', sqlite: [], postgresql: [], finds: [] },
  {
    table: 'no_flag',
    sqlite: ['alter table `$t` drop column is_flagged'],
    postgresql: ['alter table "$t" drop column is_flagged'],
    finds: ['COLUMN_MISSING'],
  },
  {
    table: 'no_stamp',
    sqlite: ['drop trigger `update_timestamp_$t`', 'alter table `$t` drop column updated_at'],
    postgresql: ['drop trigger update_timestamp on "$t"', 'alter table "$t" drop column updated_at'],
    finds: ['COLUMN_MISSING'],
  },
  {
    table: 'nothing',
    sqlite: [
      'drop table `$t`',
      'create table `$t` (id integer primary key)',
      'insert into `$t` (id) values (1)',
    ],
    postgresql: ['drop table "$t"', 'create table "$t" (id integer)', 'insert into "$t" (id) values (1)'],
    finds: ['METADATA_MISSING'],
  },
  {
    table: 'type',
    sqlite: ['alter table `$t` modify column notes integer constraint knex_meta null'],
    postgresql: ['alter table "$t" alter column notes type varchar(20)'],
    finds: ['COLUMN_TYPE'],
  },
  {
    table: 'default_of_time',
    sqlite: [
      "alter table `$t` modify column created_at datetime constraint knex_meta not null default ('2001-01-01')",
    ],
    postgresql: [`alter table "$t" alter column created_at set default now() - interval '1 day'`],
    finds: ['COLUMN_DEFAULT'],
  },
  {
    table: 'default_of_flag',
    sqlite: ['alter table `$t` modify column is_active boolean constraint knex_meta not null default 0'],
    postgresql: ['alter table "$t" alter column is_active drop default'],
    finds: ['COLUMN_DEFAULT'],
  },
  {
    table: 'nullable',
    sqlite: [
      `alter table \`$t\` modify column updated_at datetime constraint knex_meta null default (${ISO})`,
    ],
    postgresql: [
      'alter table "$t" alter column updated_at drop not null',
      'update "$t" set is_flagged = true',
    ],
    finds: ['COLUMN_NULLABLE'],
  },
  {
    table: 'no_index',
    sqlite: ['drop index `$t_is_active_index`'],
    postgresql: ['drop index "$t_is_active_index"'],
    finds: ['INDEX_MISSING'],
  },
  {
    table: 'invalid_index',
    postgresql: [
      'update pg_index set indisvalid = false where indexrelid = \'"$t_is_active_index"\'::regclass',
    ],
    finds: ['INDEX_INVALID'],
  },
  {
    table: 'no_trigger',
    sqlite: ['drop trigger `update_timestamp_$t`'],
    postgresql: ['drop trigger update_timestamp on "$t"'],
    finds: ['TRIGGER_MISSING'],
  },
  {
    table: 'disabled',
    postgresql: ['alter table "$t" disable trigger update_timestamp'],
    finds: ['TRIGGER_DISABLED'],
  },
  {
    table: 'disabled_user',
    postgresql: ['alter table "$t" disable trigger user'],
    finds: ['TRIGGER_DISABLED'],
  },
  {
    table: 'disabled_all',
    postgresql: ['alter table "$t" disable trigger all'],
    finds: ['TRIGGER_DISABLED'],
  },
  {
    table: 'replica',
    postgresql: ['alter table "$t" enable replica trigger update_timestamp'],
    finds: ['TRIGGER_DISABLED'],
  },
  { table: 'always', postgresql: ['alter table "$t" enable always trigger update_timestamp'], finds: [] },
  {
    table: 'other_function',
    sqlite: SQLITE_TRIGGER('', 'update `$t` set `updated_at` = `updated_at` where 1 = 0'),
    postgresql: [
      POSTGRES_FUNCTION('elsewhere.set_updated_at', ''),
      ...onFunction('elsewhere.set_updated_at'),
    ],
    finds: ['TRIGGER_CHANGED'],
  },
  {
    table: 'local_time',
    sqlite: SQLITE_TRIGGER(
      "when new.`updated_at` is not datetime('now','localtime')",
      "update `$t` set `updated_at` = datetime('now','localtime') where rowid = new.rowid",
    ),
    postgresql: [
      POSTGRES_FUNCTION('local_time', '/* knex-meta */ new."updated_at" := localtimestamp;'),
      ...onFunction('local_time'),
    ],
    finds: ['TRIGGER_CHANGED'],
  },
  {
    table: 'conditional',
    sqlite: SQLITE_TRIGGER(
      `when new.id > 100 and new.\`updated_at\` is not (${ISO})`,
      `update \`$t\` set \`updated_at\` = (${ISO}) where rowid = new.rowid`,
    ),
    postgresql: [
      'drop trigger update_timestamp on "$t"',
      'create trigger update_timestamp before update on "$t" for each row when (new.id > 100) execute function set_updated_at()',
    ],
    finds: ['TRIGGER_CHANGED'],
  },
  {
    table: 'some_columns',
    postgresql: [
      'drop trigger update_timestamp on "$t"',
      'create trigger update_timestamp before update of id on "$t" for each row execute function set_updated_at()',
    ],
    finds: ['TRIGGER_CHANGED'],
  },
  {
    table: 'after_update',
    postgresql: [
      'drop trigger update_timestamp on "$t"',
      'create trigger update_timestamp after update on "$t" for each row execute function set_updated_at()',
    ],
    finds: ['TRIGGER_CHANGED'],
  },
  {
    table: 'shadowed',
    sqlite: [
      "create trigger zz_$t after update on `$t` when new.updated_at is not old.updated_at begin update `$t` set updated_at = '2001-01-01' where id = new.id and updated_at <> '2001-01-01'; end",
    ],
    postgresql: [
      POSTGRES_FUNCTION('take_back', 'new.updated_at := old.updated_at;'),
      'create trigger zz before update on "$t" for each row execute function take_back()',
    ],
    finds: ['TRIGGER_STILL'],
    isMended: false,
  },
  {
    table: 'shadowed_in_an_empty_table',
    postgresql: [
      'delete from "$t"',
      'create trigger zz before update on "$t" for each row execute function take_back()',
    ],
    finds: ['TRIGGER_STILL'],
    isMended: false,
  },
  {
    table: 'other_time',
    sqlite: [
      "create trigger zz_$t after update on `$t` begin update `$t` set updated_at = '2020-02-02T00:00:00.000Z' where id = new.id and updated_at <> '2020-02-02T00:00:00.000Z'; end",
    ],
    postgresql: [
      POSTGRES_FUNCTION('other_time', "new.updated_at := now() - interval '2 hours';"),
      'create trigger zz before update on "$t" for each row execute function other_time()',
    ],
    finds: ['TRIGGER_TIME'],
    isMended: false,
  },
  {
    table: 'fails',
    sqlite: ["create trigger bad_$t after update on `$t` begin select raise(abort, 'no'); end"],
    postgresql: [
      POSTGRES_FUNCTION('bad', "raise exception 'no';"),
      'create trigger bad before update on "$t" for each row execute function bad()',
    ],
    finds: ['TRIGGER_FAILED'],
    isMended: false,
  },
  {
    table: 'swallowed',
    postgresql: [
      POSTGRES_FUNCTION('swallow', 'return null;'),
      'create trigger zz before update on "$t" for each row execute function swallow()',
    ],
    finds: ['NOT_CHECKED'],
    isMended: false,
  },
  {
    table: 'audited',
    sqlite: [
      'create table log (id integer primary key autoincrement, word text)',
      "create trigger audit_$t after update on `$t` begin insert into log (word) values ('x'); end",
    ],
    postgresql: [
      'create table log (id serial, word text)',
      POSTGRES_FUNCTION('audit', "insert into log (word) values ('x');"),
      'create trigger audit after update on "$t" for each row execute function audit()',
      'create trigger audit_other before update on "$t" for each row execute function audit()',
    ],
    finds: [],
  },
  {
    table: 'audited_and_shadowed',
    postgresql: [
      POSTGRES_FUNCTION(
        'audit_and_take_back',
        "insert into log (word) values ('x'); new.updated_at := old.updated_at;",
      ),
      'create trigger zz before update on "$t" for each row execute function audit_and_take_back()',
    ],
    finds: ['TRIGGER_SHADOWED'],
    isMended: false,
  },
  { table: 'empty', sqlite: ['delete from `$t`'], postgresql: ['delete from "$t"'], finds: [] },
  {
    table: 'empty_with_rule',
    postgresql: [
      'delete from "$t"',
      'create rule r as on update to "$t" do also insert into log (word) values (1)',
    ],
    finds: [],
  },
];

/** A database in which each case has a table of its own, made by the hook, with a row, and broken. */
async function broken(engine: TestEngine, more: object = {}) {
  const { config } = await engine.fresh();
  const folder = temporaryFolder();
  const directory = join(folder, 'migrations');
  mkdirSync(directory);
  const whole: KnexMetaConfig = {
    ...config,
    migrations: { directory },
    meta: { columns: { is_active: { index: true } }, tables: { exclude: ['log'] }, ...more },
  };
  const cases = CASES.filter((each) => each[engine.name] !== undefined);
  const tables: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    cases.map(({ table, [engine.name]: sql = [] }) => [table, sql]),
  );
  await withContext(whole, async (_context, db) => {
    if (engine.name === 'postgresql') await db.raw('create schema elsewhere');
    for (const table of Object.keys(tables)) {
      await db.schema.createTable(table, (t) => {
        t.increments();
        t.string('word').notNullable();
      });
      await db(table).insert({ word: 'x' });
    }
    for (const [table, statements] of Object.entries(tables))
      for (const sql of statements) await db.raw(sql.replaceAll('$t', table));
  });
  install(folder);
  writeFileSync(join(folder, 'knexfile.js'), `module.exports = ${JSON.stringify(whole)};\n`);
  return { config: whole, cases, folder };
}

/** Everything that a check could have changed: rows, their versions, sequences, triggers. */
async function state(db: Knex, engine: TestEngine): Promise<unknown> {
  if (engine.name === 'sqlite') {
    const master: { name: string; type: string }[] = await db.raw(
      'select * from sqlite_master order by name, type',
    );
    const rows = [];
    for (const { name } of master.filter(({ type, name: n }) => type === 'table' && n !== 'sqlite_sequence'))
      rows.push(await db.raw('select * from ??', [name]));
    return [
      master,
      rows,
      await db.raw('select * from sqlite_sequence order by name'),
      await db.raw('pragma schema_version'),
    ];
  }
  const { rows: tables } = await db.raw(
    "select relname, oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
  );
  const rows = [];
  for (const { relname } of tables)
    rows.push((await db.raw('select xmin, ctid, * from ?? order by ctid', [relname])).rows);
  const { rows: sequences } = await db.raw('select sequencename, last_value from pg_sequences order by 1');
  const { rows: triggers } = await db.raw(
    'select oid, tgrelid, tgname, tgenabled from pg_trigger order by 1',
  );
  const { rows: functions } = await db.raw(
    'select oid, proname, prosrc from pg_proc where oid > 16384 order by 1',
  );
  return [tables, rows, sequences, triggers, functions];
}

eachEngine('check:migration', function (engine) {
  this.timeout(60_000);
  let database: Awaited<ReturnType<typeof broken>>;
  let report: CheckReport;

  before(async () => {
    database = await broken(engine);
    report = await withContext(database.config, async (context, db) => {
      const before = await state(db, engine);
      const found = (await runCheckMigration(context)).report;
      expect(await state(db, engine), 'nothing was changed').to.deep.equal(before);
      return found;
    });
  });

  for (const { table, finds, ...words } of CASES) {
    if (words[engine.name] === undefined) continue;
    it(`finds ${finds.join(', ') || 'nothing'}: ${table.replaceAll('_', ' ')}`, () => {
      const own = codesOf(report).filter((line) => line.startsWith(`${table} `));
      expect(own).to.deep.equal(finds.map((code) => `${table} ${code}`));
    });
  }

  it('says why a trigger was not tried', () => {
    const told = report.findings.find(({ table = '' }) => table.endsWith('swallowed'));
    if (engine.name === 'sqlite') return;
    expect(told?.message).to.match(/was not tried: another trigger lets no row be updated \(zz\)$/);
    expect(told?.remedy).to.match(/^Look at the other triggers/);
  });

  it('says what was left out', () => {
    expect(report.notes).to.include('left out by meta.tables, and not checked: log');
    const isTriedWithout = report.notes.some((note) =>
      /audited was tried without audit, audit_other/.test(note),
    );
    expect(isTriedWithout).to.equal(engine.name === 'postgresql');
  });

  it('names what mends each, and that does', async () => {
    await withContext(database.config, async (context, db) => {
      const mendable = new Set(
        database.cases.filter(({ isMended = true }) => isMended).map(({ table }) => table),
      );
      const isMendable = (line: string): boolean => mendable.has(line.split(' ')[0] ?? '');
      for (let round = 1; round <= 2; round += 1) {
        const { findings } = (await runCheckMigration(context)).report;
        const own = findings.filter(({ table = '' }) => mendable.has(table.replace('public.', '')));
        expect(own.every(({ mend = [] }) => mend.length > 0)).to.equal(true);
        await runMending(db, own, database.folder);
      }
      const { report: after } = await runCheckMigration(context);
      expect(codesOf(after).filter(isMendable)).to.deep.equal([]);
      expect(codesOf(after).length).to.equal(database.cases.length - mendable.size);
    });
  });
});

/** A database with a schema of the test's own, and what the check finds in it. */
async function checkOf(
  engine: TestEngine,
  make: (db: Knex) => Promise<unknown>,
  meta: KnexMetaConfig['meta'] = {},
  files: Readonly<Record<string, string>> = {},
  look: (
    context: Parameters<Parameters<typeof withContext>[1]>[0],
    db: Knex,
  ) => Promise<CheckReport> = async (context) => (await runCheckMigration(context)).report,
): Promise<CheckReport> {
  const { config } = await engine.fresh();
  const directory = join(temporaryFolder(), 'migrations');
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const whole: KnexMetaConfig = { ...config, migrations: { directory }, meta };
  await withContext(whole, (_context, db) => make(db));
  return withContext({ ...whole, meta: { ...meta } }, look);
}

eachEngine('check:migration of what is special', function (engine) {
  this.timeout(60_000);
  const table = (name: string) => (db: Knex) =>
    db.schema.createTable(name, (t) => {
      t.increments();
    });

  it('finds that DATABASE_TIMESTAMP_UTC is another one than when the tables were made', async () => {
    const other = engine.name === 'sqlite' ? 'CURRENT_TIMESTAMP' : "timezone('utc', now())";
    const { config } = await engine.fresh();
    const directory = temporaryFolder();
    const whole = { ...config, migrations: { directory } };
    await withContext(whole, (_context, db) => table('t')(db));
    const codes = await withContext({ ...whole, meta: { timestampUtc: other } }, async (context) =>
      codesOf((await runCheckMigration(context)).report),
    );
    const column = engine.name === 'sqlite' ? ['t COLUMN_DEFAULT'] : ['t COLUMN_DEFAULT', 't COLUMN_TYPE'];
    expect([...new Set(codes)]).to.deep.equal([...column, 't TRIGGER_CHANGED']);
  });

  it('says which tables have t.metadata(false), and judges them no further', async () => {
    const file =
      "exports.up = (k) => k.schema.createTable('bare', (t) => { t.increments(); t.metadata(false); });";
    const { findings, notes } = await checkOf(
      engine,
      (db) => db.raw('create table bare (id integer)'),
      {},
      {
        '1_bare.cjs': file,
      },
    );
    expect(findings).to.deep.equal([]);
    expect(notes.map((note) => note.replace('public.', ''))).to.deep.equal([
      'bare has t.metadata(false) in 1_bare.cjs: not checked',
    ]);
  });

  it('reads a thousand tables in a fixed number of queries', async () => {
    const counts: number[] = [];
    for (const count of [2, 20]) {
      await checkOf(
        engine,
        async (db) => {
          for (let index = 0; index < count; index += 1) await db.raw(`create table t${index} (id integer)`);
        },
        {},
        {},
        async (context, db) => {
          let queries = 0;
          db.on('query', () => {
            queries += 1;
          });
          const { report } = await runCheckMigration(context);
          counts.push(queries);
          return report;
        },
      );
    }
    expect(counts[0]).to.be.greaterThan(1);
    expect(counts[1]).to.equal(counts[0]);
  });

  if (engine.name === 'sqlite') {
    it('tries triggers of WITHOUT ROWID and STRICT tables, of keys and generated columns, with rows and without', async () => {
      const { findings } = await checkOf(engine, async (db) => {
        await table('parent')(db);
        await db.schema.createTable('child', (t) => {
          t.increments();
          t.integer('parent_id').notNullable().references('parent.id');
          t.check('?? > 0', ['parent_id'], 'positive');
        });
        await db.schema.createTable('plain', (t) => {
          t.string('a').primary();
        });
        const [{ sql }] = await db.raw("select sql from sqlite_master where name = 'plain'");
        await db.raw(`${sql.replace('`plain`', '`rowless`')} without rowid`);
        await db.raw(
          `${sql.replace('`plain`', '`strict`').replaceAll('boolean', 'integer').replaceAll('datetime', 'text').replace('varchar(255)', 'text').replace('(`a`', '(`g` integer as (1) stored, `a`')} strict`,
        );
      });
      // Made past the hook: their triggers alone are missing, and what it says makes them.
      expect(codesOf({ findings, notes: [] })).to.deep.equal([
        'rowless TRIGGER_MISSING',
        'strict TRIGGER_MISSING',
      ]);
    });

    it('mends those, and finds them good, empty and with a row', async () => {
      await checkOf(
        engine,
        async (db) => {
          await table('plain')(db);
          const [{ sql }] = await db.raw("select sql from sqlite_master where name = 'plain'");
          const keyed = sql.replace(
            'integer not null primary key autoincrement',
            'text not null primary key',
          );
          await db.raw(`${keyed.replace('`plain`', '`rowless`')} without rowid`);
          await db.raw(
            `${keyed.replace('`plain`', '`strict`').replaceAll('boolean', 'integer').replaceAll('datetime', 'text')} strict`,
          );
        },
        {},
        {},
        async (context, db) => {
          const first = (await runCheckMigration(context)).report;
          await runMending(db, first.findings);
          expect(codesOf((await runCheckMigration(context)).report)).to.deep.equal([]);
          await db('rowless').insert({ id: 'x' });
          await db('strict').insert({ id: 'x' });
          const last = (await runCheckMigration(context)).report;
          expect(codesOf(last)).to.deep.equal([]);
          return last;
        },
      );
    });

    it('says that a table was not checked while another program writes', async () => {
      await checkOf(
        engine,
        async (db) => {
          await table('t')(db);
          await db('t').insert({ notes: 'x' });
        },
        {},
        {},
        async (context, db) => {
          const { filename } = db.client.config.connection as { filename: string };
          const other = knex({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true });
          await db.raw('pragma busy_timeout = 10');
          await other.raw('begin immediate');
          const { report } = await runCheckMigration(context);
          await other.raw('rollback');
          await other.destroy();
          expect(codesOf(report)).to.deep.equal(['t NOT_CHECKED']);
          return report;
        },
      );
    });
    return;
  }

  it('reports a table that is locked as not checked, at once, and the others as they are', async () => {
    await checkOf(
      engine,
      async (db) => {
        await table('held')(db);
        await table('free')(db);
      },
      {},
      {},
      async (context, db) => {
        const other = await db.transaction();
        await other.raw('lock table held in access exclusive mode');
        const { report } = await runCheckMigration(context);
        await other.rollback();
        expect(codesOf(report)).to.deep.equal(['held NOT_CHECKED']);
        return report;
      },
    );
  });

  it('finds triggers silenced for a role or a database, and by the session, and mends it', async () => {
    await checkOf(engine, table('t'), {}, {}, async (context, db) => {
      const { config } = await context.project();
      const name = String(config.connection).split('/').at(-1);
      await db.raw(`alter database ${name} set session_replication_role = replica`);
      await db.raw(`create role quiet_${name}`);
      await db.raw(`alter role quiet_${name} set session_replication_role = replica`);
      await db.raw(`alter role quiet_${name} in database ${name} set session_replication_role = 'replica'`);
      const first = (await runCheckMigration(context)).report;
      expect(codesOf(first)).to.deep.equal(['TRIGGERS_SILENT', 'TRIGGERS_SILENT', 'TRIGGERS_SILENT']);
      await runMending(db, first.findings);
      await db.raw(`drop role quiet_${name}`);
      const last = (await runCheckMigration(context)).report;
      expect(codesOf(last)).to.deep.equal([]);
      return last;
    });
    const { config } = await engine.fresh();
    const quiet = {
      ...config,
      migrations: { directory: temporaryFolder() },
      pool: {
        min: 0,
        max: 1,
        afterCreate: (connection: { query: (sql: string, done: () => void) => void }, done: () => void) =>
          connection.query('set session_replication_role = replica', done),
      },
    };
    const codes = await withContext(quiet, async (context, db) => {
      await table('t')(db);
      return codesOf((await runCheckMigration(context)).report);
    });
    expect(codes).to.deep.equal(['TRIGGERS_SILENT', 't TRIGGER_STILL']);
  });

  it('checks as a role that may read only, and as one that may make nothing', async () => {
    await checkOf(
      engine,
      async (db) => {
        await table('t')(db);
        await db('t').insert({ notes: 'x' });
      },
      {},
      {},
      async (context, db) => {
        const { config } = await context.project();
        const name = String(config.connection).split('/').at(-1);
        await db.raw(`create role reader_${name} login`);
        await db.raw(`grant select on t to reader_${name}`);
        const reader = {
          ...config,
          connection: String(config.connection).replace('postgres@', `reader_${name}@`),
        };
        const codes = () =>
          withContext(reader, async (own) => {
            const { report } = await runCheckMigration(own);
            return [codesOf(report), report.notes.length];
          });
        try {
          expect(await codes()).to.deep.equal([[], 0]);
          await db.raw(`revoke temporary on database ${name} from public`);
          expect(await codes()).to.deep.equal([['t NOT_CHECKED'], 4]);
        } finally {
          await db.raw(`drop owned by reader_${name}`);
          await db.raw(`drop role reader_${name}`);
        }
        return { findings: [], notes: [] };
      },
    );
  });
});
