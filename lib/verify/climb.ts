import type { KnownEntry } from '../migrator/history.js';
import type { FailedDowns } from './diagnose.js';
import { found, type MigrationFinding } from './findings.js';
import { type ClimbRequest, openScene } from './scene.js';
import { stair } from './stair.js';

/** What climbing the stairs showed. */
interface Climb {
  readonly findings: readonly MigrationFinding[];
  readonly notes: readonly string[];
  /** Migrations that went up, down and up. */
  readonly verified: readonly string[];
  readonly tables: number;
}

/**
 * Takes every migration that is pending in a throwaway database up, down and up again, with rows in every table. What is
 * wrong with one does not keep the others from being looked at, as far as they can be.
 *
 * @throws KnexMetaError INTERRUPTED, and what `open` throws
 */
export async function climb(request: ClimbRequest): Promise<Climb> {
  const scene = await openScene(request);
  const { findings, notes } = scene;
  const verified: string[] = [];
  const downs: FailedDowns = new Map();
  try {
    const pending = await scene.pending();
    scene.remember(await scene.seed(undefined, await scene.picture()));
    for (let index = 0; index < pending.length; index += 1) {
      const entry = pending[index] as KnownEntry;
      const known = findings.length;
      const outcome = await stair(scene, entry, pending[index + 1], downs);
      if (outcome === 'verified') verified.push(entry.name);
      request.tell(entry.name, findings.length === known);
      if (outcome === 'with the next') index += 1;
      if (outcome !== 'stop') continue;
      for (const { name, path: file } of pending.slice(index + 1)) {
        const message = `${name} was not looked at: ${entry.name}, which comes before it, cannot be applied`;
        findings.push(found('NOT_REACHED', message, { migration: name, file }));
      }
      break;
    }
    return { findings, notes, verified, tables: (await scene.readSchema()).tables.length };
  } finally {
    await scene.end();
  }
}
