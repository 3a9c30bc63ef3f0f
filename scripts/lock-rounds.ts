/**
 * Starts migrators at random in several processes on one SQLite database, and looks for a migration that ran twice:
 * `npx tsx scripts/lock-rounds.ts [starts] [seconds]`. Build first. Each round has its own database with an account, whose
 * balance each migration changes. In a third of the rounds processes are stopped and go on, in a third they are killed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import knex, { type Knex } from 'knex';

/** `data`: in transactions, beside stock Knex. `alone`: without transactions. `kills`: in transactions, and killed. */
const KINDS = ['data', 'alone', 'kills'] as const;
type Kind = (typeof KINDS)[number];

const PROCESSES = 5;
const STARTS_OF_EACH = 8;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const configOf = (folder: string): Knex.Config => ({
  client: 'better-sqlite3',
  connection: { filename: join(folder, 'data.sqlite3') },
  useNullAsDefault: true,
  migrations: { directory: join(folder, 'migrations') },
});

const migration = (name: string, kind: Kind): string => `
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
exports.config = { transaction: ${kind !== 'alone'} };
const pause = () => new Promise((done) => setTimeout(done, Math.random() * 5));
const change = (direction, amount) => async (k) => {
  appendFileSync(join(__dirname, '../log'), \`enter \${direction} ${name} \${process.pid}\\n\`);
  await pause();
  await k('account').increment('balance', amount);
  await pause();
  appendFileSync(join(__dirname, '../log'), \`leave \${direction} ${name} \${process.pid}\\n\`);
};
exports.up = change('up', 100);
exports.down = change('down', -100);
`;

/** The metadata of a table that stock Knex made, as `meta:adopt` writes it. */
const adoption = `
const load = () => import(${JSON.stringify(join(ROOT, 'dist/lib/index.js'))});
const columns = ['is_active', 'notes', 'created_at', 'updated_at'];
exports.up = async (k) => { await (await load()).adoptTable(k, { table: 'account', columns }); };
exports.down = async (k) => { await (await load()).releaseTable(k, { table: 'account', columns }); };
`;

type Command = 'latest' | 'up' | 'down' | 'rollback' | 'all' | 'stock';
const COMMANDS: readonly Command[] = ['latest', 'latest', 'up', 'up', 'down', 'rollback', 'all', 'stock'];

/** One of the processes: it starts migrators one after the other, each on its own connection. */
async function work(folder: string, kind: Kind): Promise<void> {
  const { createMigrator, withMeta } = (await import(
    join(ROOT, 'dist/lib/index.js')
  )) as typeof import('../lib/index.js');
  for (let start = 0; start < STARTS_OF_EACH; start += 1) {
    const command = pick(COMMANDS);
    const isStock = command === 'stock' && kind !== 'alone';
    const config = configOf(folder);
    const db = knex(isStock ? { ...config, log: { warn() {}, error() {} } } : withMeta(config));
    try {
      if (isStock) await db.migrate.latest().catch(() => {});
      else {
        const migrator = createMigrator(db);
        if (command === 'up') await migrator.up();
        else if (command === 'down') await migrator.down();
        else if (command === 'rollback') await migrator.rollback();
        else if (command === 'all') await migrator.rollback({ all: true });
        else await migrator.latest();
      }
      process.send?.({ command: isStock ? 'stock' : command });
    } catch (error) {
      process.send?.({ command, error: String(error) });
    } finally {
      await db.destroy();
    }
  }
  process.send?.({ isDone: true });
}

interface Message {
  readonly command: string;
  readonly error?: string;
  readonly isDone?: boolean;
}

/** The processes: each works for many rounds, and a killed one is replaced. */
const children = new Set<ChildProcess>();

function childrenOfRound(): readonly ChildProcess[] {
  while (children.size < PROCESSES) {
    const child = fork(fileURLToPath(import.meta.url), ['--work']);
    children.add(child);
    child.once('close', () => children.delete(child));
  }
  return [...children];
}

/** What is wrong with what ran: two at once, or the same direction twice in turn. */
function doublesIn(folder: string): readonly string[] {
  const file = join(folder, 'log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const found: string[] = [];
  const last = new Map<string, string>();
  let inside: string | undefined;
  for (const line of lines) {
    const [what, direction = '', name = '', pid] = line.split(' ');
    const key = `${direction} ${name} ${pid}`;
    if (what === 'enter') {
      if (inside !== undefined) found.push(`${key} began while ${inside} ran`);
      if ((last.get(name) ?? 'down') === direction) found.push(`${name} ran ${direction} twice`);
      inside = key;
      last.set(name, direction);
    } else inside = undefined;
  }
  return found;
}

interface Round {
  readonly starts: number;
  readonly faults: readonly string[];
}

async function round(kind: Kind, hasStops: boolean): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'knex-meta-rounds-'));
  mkdirSync(join(folder, 'migrations'));
  for (const name of ['1_a', '2_b', '4_d', '5_e'])
    writeFileSync(join(folder, 'migrations', `${name}.cjs`), migration(name, kind));
  writeFileSync(join(folder, 'migrations', '3_adopt.cjs'), adoption);
  const db = knex(configOf(folder));
  if (Math.random() < 0.5) await db.raw('pragma journal_mode = wal');
  await db.schema.createTable('account', (t) => {
    t.increments();
    t.integer('balance');
  });
  await db('account').insert({ balance: 0 });
  // The tables are there, as in any project that stock Knex has migrated once.
  await db.migrate.list();
  let starts = 0;
  const faults: string[] = [];
  const working = new Set<ChildProcess>();
  const ended = childrenOfRound().map((child) => {
    working.add(child);
    return new Promise<void>((done) => {
      const end = (): void => {
        working.delete(child);
        child.off('message', hear);
        child.off('close', end);
        done();
      };
      const hear = ({ command, error, isDone }: Message): void => {
        if (isDone) {
          end();
          return;
        }
        starts += 1;
        if (error !== undefined) faults.push(`${command}: ${error}`);
      };
      child.on('message', hear);
      child.once('close', end);
      child.send({ folder, kind });
    });
  });
  const disturb = setInterval(() => {
    const child = pick([...working]);
    if (child === undefined) return;
    if (hasStops) {
      child.kill('SIGSTOP');
      setTimeout(() => child.kill('SIGCONT'), Math.random() * 100);
    }
    if (kind === 'kills' && working.size > 1 && Math.random() < 0.1) child.kill('SIGKILL');
  }, 40);
  await Promise.all(ended);
  clearInterval(disturb);
  if (kind === 'alone') faults.push(...doublesIn(folder));
  const [row] = await db('account').select('balance');
  const applied: readonly string[] = await db('knex_migrations').pluck('name');
  const expected = applied.filter((name) => !name.includes('adopt')).length * 100;
  if (row.balance !== expected) faults.push(`the balance is ${row.balance}, and ${expected} was recorded`);
  if (new Set(applied).size !== applied.length) faults.push(`recorded twice: ${applied.join()}`);
  await db.destroy();
  if (faults.length === 0) rmSync(folder, { recursive: true });
  else appendFileSync(join(folder, 'faults'), faults.join('\n'));
  return { starts, faults: faults.map((fault) => `${folder} (${kind}): ${fault}`) };
}

const [first, seconds = '3600'] = process.argv.slice(2);
if (first === '--work') {
  process.on('message', ({ folder, kind }: { folder: string; kind: Kind }) => void work(folder, kind));
} else {
  const wanted = Number(first ?? 2000);
  const end = performance.now() + Number(seconds) * 1000;
  let starts = 0;
  let rounds = 0;
  let faults = 0;
  for (; starts < wanted && performance.now() < end; rounds += 1) {
    const result = await round(KINDS[rounds % 3] as Kind, rounds % 2 === 0);
    starts += result.starts;
    faults += result.faults.length;
    for (const fault of result.faults) console.log(fault);
    if (rounds % 20 === 0) console.log(`${starts} starts, ${faults} faults`);
  }
  console.log(`${starts} starts in ${rounds} rounds: ${faults} faults`);
  process.exit(faults === 0 ? 0 : 1);
}
