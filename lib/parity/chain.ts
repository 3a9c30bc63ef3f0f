import type { Engine } from '../engines/contract.js';
import type { Traits } from '../engines/meaning.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { isAdoptionError } from '../migrator/capture.js';
import { pendingOf } from '../migrator/plan.js';
import type { Settings } from '../migrator/settings.js';
import { readSituation } from '../migrator/situation.js';
import { FROM_BEFORE } from '../verify/findings.js';
import { openStage, type Stage } from '../verify/stage.js';
import { ADVICE, type Difference, type Side } from './difference.js';

/** One engine with the configuration that the project would have there. */
export interface Candidate {
  readonly engine: Engine;
  readonly config: KnexMetaConfig;
  readonly server: string | undefined;
}

/** What a chain of migrations made on one engine. */
interface Chain {
  readonly side: Side;
  readonly traits: Traits;
}

/** What a chain made on each of the engines, up to the first migration that fails on one of them. */
export interface Chains {
  readonly chains: readonly Chain[];
  readonly failures: readonly Difference[];
  readonly migrations: readonly string[];
}

async function open({ engine, config, server }: Candidate): Promise<Stage> {
  return openStage(engine, config, server);
}

async function read({ engine }: Candidate, { plain }: Stage): Promise<Chain> {
  const { meaningOf, traits } = engine.meaning;
  return {
    side: { title: engine.title, schema: await engine.introspect(plain), meaningOf },
    traits: await traits(plain),
  };
}

/** Runs migrations one after the other, no further than `limit`; says which one failed. */
async function runUp(
  stage: Stage,
  settings: Settings,
  limit: number,
  signal: AbortSignal,
): Promise<{
  readonly names: readonly string[];
  readonly failed: { readonly name: string; readonly error: Error } | undefined;
}> {
  const pending = pendingOf(await readSituation(stage.plain, settings, true));
  const names: string[] = [];
  for (const { name } of pending.slice(0, limit)) {
    const { error } = await stage.step('up', name, signal);
    if (error !== undefined) return { names, failed: { name, error } };
    names.push(name);
  }
  return { names, failed: undefined };
}

/** Runs the whole chain on every engine; where it fails on one, all are compared as they are before that migration. */
export async function runChains(
  candidates: readonly Candidate[],
  settings: Settings,
  signal: AbortSignal,
): Promise<Chains> {
  const failures: Difference[] = [];
  let limit = Number.POSITIVE_INFINITY;
  const results = new Map<Candidate, { readonly chain: Chain; readonly names: readonly string[] }>();
  for (let isSame = false; !isSame; ) {
    for (const candidate of candidates) {
      const known = results.get(candidate);
      if (known !== undefined && known.names.length <= limit) continue;
      const stage = await open(candidate);
      try {
        const { names, failed } = await runUp(stage, settings, limit, signal);
        if (failed !== undefined) {
          const { name, error } = failed;
          failures.push({
            code: 'MIGRATION_FAILED',
            severity: 'fails',
            migration: name,
            message: `${name} fails on ${candidate.engine.title}; the engines are compared as they are before it: ${error.message}`,
            remedy: ADVICE.MIGRATION_FAILED,
            ...([error, error.cause].some(isAdoptionError) ? FROM_BEFORE : {}),
          });
          limit = Math.min(limit, names.length);
        }
        results.set(candidate, { chain: await read(candidate, stage), names });
      } finally {
        await stage.end();
      }
    }
    isSame = [...results.values()].every(({ names }) => names.length <= limit);
  }
  const all = [...results.values()];
  return { chains: all.map(({ chain }) => chain), failures, migrations: all[0]?.names ?? [] };
}
