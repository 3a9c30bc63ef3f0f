import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { createMigrator, withMeta } from '../../lib/index.js';
import { dump } from '../real/dump.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';

const FILES = readdirSync(join(ROOT, 'migrations')).sort();
const TABLES = ['users', 'refresh_tokens', 'playlists', 'user_devices', 'playback_history', 'audit_log'];

/** One row in every table that there is. */
async function seed(db: Knex): Promise<void> {
  const has = (table: string) => db.schema.hasTable(table);
  if (!(await has('users'))) return;
  const [user] = await db('users')
    .insert({ email: `${Math.random()}`, username: `${Math.random()}`, hashed_password: 'x' })
    .returning('id');
  await db('refresh_tokens').insert({
    token: `${Math.random()}`,
    user_id: user.id,
    expires_at: '2030-01-01',
  });
  if (await has('playlists')) {
    await db('playlists').insert({ user_id: user.id, title: 'one' });
    await db('user_devices').insert({ user_id: user.id, device_name: 'phone' });
    await db('playback_history').insert({ user_id: user.id, track: 'song' });
  }
  if (await has('audit_log')) await db('audit_log').insert({ app_user_id: user.id, action: 'login' });
}

async function counts(db: Knex): Promise<Readonly<Record<string, number>>> {
  const entries = await Promise.all(
    TABLES.map(async (table) => {
      if (!(await db.schema.hasTable(table))) return [table, 0] as const;
      const [row] = await db(table).count({ n: '*' });
      return [table, Number(row?.n)] as const;
    }),
  );
  return Object.fromEntries(entries);
}

eachEngine('the worked example', (engine) => {
  let db: Knex;
  beforeEach(async () => {
    const { config } = await engine.fresh();
    db = knex(
      withMeta({
        ...config,
        searchPath: ['vibesia_schema'],
        migrations: { directory: join(ROOT, 'migrations') },
      }),
    );
  });
  afterEach(() => db.destroy());

  async function schema(): Promise<unknown> {
    if (engine.name === 'sqlite') {
      const { triggers: _triggers, ...rest } = await dump(db, 'sqlite');
      return rest;
    }
    const { rows } =
      await db.raw(`select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull,
        (select string_agg(pg_get_constraintdef(k.oid), '; ' order by k.conname) from pg_constraint k where k.conrelid = c.oid and k.contype <> 'n') as keys,
        (select string_agg(pg_get_indexdef(i.indexrelid), '; ' order by i.indexrelid::regclass::text) from pg_index i where i.indrelid = c.oid) as indexes
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'vibesia_schema'::regnamespace and c.relkind = 'r' order by 1, 2`);
    return rows;
  }

  it('goes up and down one by one with rows in every table, and loses none', async () => {
    const migrator = createMigrator(db);
    const before: unknown[] = [];
    for (const file of FILES) {
      before.push(before.length === 0 ? undefined : await schema());
      await seed(db);
      const kept = await counts(db);
      const { migrations } = await migrator.up();
      expect(migrations.map(({ name }) => name)).to.deep.equal([file]);
      const now = await counts(db);
      for (const table of TABLES) expect(now[table], `${table} after ${file}`).to.equal(kept[table]);
    }
    await seed(db);
    for (const [index, file] of [...FILES.entries()].reverse()) {
      const kept = await counts(db);
      await migrator.down();
      const now = await counts(db);
      for (const table of TABLES) {
        if (await db.schema.hasTable(table))
          expect(now[table], `${table} after undoing ${file}`).to.equal(kept[table]);
      }
      if (before[index] !== undefined) expect(await schema(), file).to.deep.equal(before[index]);
    }
    for (const table of TABLES) expect(await db.schema.hasTable(table)).to.equal(false);
  });

  it('deletes with a user what cascades, and keeps the audit log', async () => {
    await createMigrator(db).latest();
    await seed(db);
    await db('users').delete();
    expect(await counts(db)).to.deep.equal({
      users: 0,
      refresh_tokens: 0,
      playlists: 0,
      user_devices: 0,
      playback_history: 0,
      audit_log: 1,
    });
    expect((await db('audit_log').first()).app_user_id).to.equal(null);
  });

  it('password_changed_at is NOT NULL with the present instant, then may be unknown', async () => {
    const migrator = createMigrator(db);
    await migrator.before(FILES[3] ?? '');
    await seed(db);
    await migrator.to(FILES[3] ?? '');
    const { password_changed_at: instant } = await db('users').first();
    expect(instant).to.not.equal(null);
    const refused = await db('users')
      .update({ password_changed_at: null })
      .catch(() => 'refused');
    expect(refused).to.equal('refused');
    await migrator.latest();
    await db('users').update({ password_changed_at: null });
    await migrator.down();
    expect((await db('users').first()).password_changed_at).to.not.equal(null);
  });

  it('has indexes on the keys after they were made again', async () => {
    await createMigrator(db).latest();
    const text = JSON.stringify(await schema());
    for (const table of ['playlists', 'user_devices', 'playback_history'])
      expect(text).to.include(`${table}_user_id_index`);
  });

  it('runs from its own knexfile.ts, with DATABASE_URL alone to choose the database', async () => {
    const { config, url } = await engine.fresh();
    for (const command of [
      'migrate:latest',
      'check:migration',
      'check:version',
      'check:models',
      'check:models --head',
    ]) {
      const ran = await knexMeta(command.split(' '), ROOT, { DATABASE_URL: url });
      expect(ran.code, `${command}\n${ran.stdout}${ran.stderr}`).to.equal(0);
    }
    const plain = knex(config);
    try {
      const has = (table: string) =>
        (engine.name === 'postgresql' ? plain.schema.withSchema('vibesia_schema') : plain.schema).hasTable(
          table,
        );
      for (const table of [...TABLES, 'knex_migrations']) expect(await has(table), table).to.equal(true);
      if (engine.name === 'postgresql') {
        const { rows } = await plain.raw("select tablename from pg_tables where schemaname = 'public'");
        expect(rows).to.deep.equal([]);
      }
      const ran = await knexMeta(['migrate:rollback', '--all'], ROOT, { DATABASE_URL: url });
      expect(ran.code, ran.stderr).to.equal(0);
      for (const table of TABLES) expect(await has(table), table).to.equal(false);
    } finally {
      await plain.destroy();
    }
  });
});
