import { setTimeout as delay } from 'node:timers/promises';
import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession } from '../../adoption.js';
import { quoteName, withoutBindings } from '../identifiers.js';
import { PLANNED } from '../planned.js';
import { type EnabledTrigger, enabledTriggers, withoutTriggers } from '../values.js';
import { inStep, type Leaf, type Limits, readLeaves, run, untilFree } from './steps.js';

/** A column that is NULL in rows from before, and what it is to be. */
export interface Filling {
  readonly name: string;
  readonly value: string;
}

/** Milliseconds that one batch should take: as long as another session may wait for one of its rows. */
const BATCH_MS = 20;
const FIRST_PAGES = 16;
const MOST_PAGES = 4096;
const SAY_EVERY = 5000;

const setList = (fillings: readonly Filling[]): string =>
  fillings.map(({ name, value }) => `${quoteName(name)} = coalesce(${quoteName(name)}, ${value})`).join(', ');

const isOpenSql = (fillings: readonly Filling[]): string =>
  fillings.map(({ name }) => `${quoteName(name)} is null`).join(' or ');

/** How triggers are kept silent: for this session alone where the role may, else by a lock for each batch. */
type Silence = 'none' | 'session' | 'table';

async function silenceFor(session: AdoptionSession, triggers: readonly EnabledTrigger[]): Promise<Silence> {
  if (triggers.length === 0) return 'none';
  if (triggers.some(({ word }) => word !== '')) return 'table';
  try {
    await inStep(session, () => run(session, 'set local session_replication_role = replica'));
    return 'session';
  } catch {
    return 'table';
  }
}

/** Rows that another session holds at this moment are left for the next pass: nobody waits for anybody. */
function batchSql({ quoted }: Leaf, fillings: readonly Filling[], from: number, to: number): string {
  return `with done as (update only ${quoted} set ${setList(fillings)}
    where ctid = any (array(select ctid from only ${quoted} where ctid >= '(${from},0)' and ctid < '(${to},0)'
      and (${isOpenSql(fillings)}) for no key update skip locked)) returning 1)
  select count(*) as rows from done`;
}

/** One pass over the pages of a table, in batches. Answers how many rows it filled. */
async function pass(
  session: AdoptionSession,
  leaf: Leaf,
  fillings: readonly Filling[],
  limits: Limits,
  silence: Silence,
  triggers: readonly EnabledTrigger[],
): Promise<number> {
  let said = performance.now();
  let size = FIRST_PAGES;
  let filled = 0;
  for (let page = 0; page < leaf.pages; ) {
    const to = Math.min(page + size, leaf.pages);
    const start = performance.now();
    const update = () => run(session, batchSql(leaf, fillings, page, to));
    const rows = await untilFree(session, leaf.quoted, limits, () =>
      inStep(session, async () => {
        await run(session, `select pg_catalog.set_config('lock_timeout', '${limits.lockTimeout}ms', true)`);
        if (silence === 'session') await run(session, 'set local session_replication_role = replica');
        return silence === 'table' ? withoutTriggers(session, leaf.quoted, triggers, update) : update();
      }),
    );
    const now = performance.now();
    filled += Number(rows[0]?.rows ?? 0);
    page = to;
    if (now - start > BATCH_MS) size = Math.max(1, Math.floor(size / 2));
    else if (now - start < BATCH_MS / 2) size = Math.min(MOST_PAGES, size * 2);
    if (now - said > SAY_EVERY) {
      said = now;
      session.say(`${leaf.quoted}: ${Math.round((100 * page) / leaf.pages)} % of its pages are filled`);
    }
  }
  return filled;
}

async function hasOpenRows(
  session: AdoptionSession,
  leaf: Leaf,
  fillings: readonly Filling[],
): Promise<boolean> {
  const rows = await run(session, `select 1 from only ${leaf.quoted} where ${isOpenSql(fillings)} limit 1`);
  return rows.length > 0;
}

function heldRows({ quoted }: Leaf): KnexMetaError {
  return new KnexMetaError('DATABASE_BUSY', `Another session holds rows of ${quoted} and does not end.`, {
    remedy:
      'pg_stat_activity shows transactions that are open for long. What was filled stays, and running it again goes on from there.',
    details: { table: quoted },
  });
}

/**
 * Gives rows from before their values. New rows have theirs from the default. What is NULL is still to do, so a
 * backfill that was killed goes on by itself.
 */
export async function backfill(
  session: AdoptionSession,
  quoted: string,
  fillings: readonly Filling[],
  limits: Limits,
): Promise<void> {
  for (const leaf of await readLeaves(session, quoted)) {
    const triggers = await enabledTriggers(session, leaf.quoted);
    if (session.isInTransaction || session.client.config[PLANNED] === true) {
      const all = `update only ${leaf.quoted} set ${setList(fillings)} where ${isOpenSql(fillings)}`;
      const again = session.isInTransaction ? '' : ' /* in batches, a transaction each */';
      await withoutTriggers(session, leaf.quoted, triggers, () =>
        session.rows(withoutBindings(`${all}${again}`)),
      );
      continue;
    }
    const silence = await silenceFor(session, triggers);
    let current = leaf;
    let progressed = performance.now();
    // A row that others hold, or have moved since to a page that was done, is found by the next pass.
    do {
      const filled = await pass(session, current, fillings, limits, silence, triggers);
      if (filled > 0) progressed = performance.now();
      else if (performance.now() - progressed > limits.patience) throw heldRows(leaf);
      else if (current !== leaf) await delay(500);
      current = (await readLeaves(session, leaf.quoted))[0] ?? { ...leaf };
    } while (await hasOpenRows(session, leaf, fillings));
  }
}
