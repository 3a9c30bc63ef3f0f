import type { KnownEntry } from '../migrator/history.js';
import type { DatabaseSchema } from '../schema/database.js';
import { blameLater, type FailedDowns, failedDown, firstUp, said } from './diagnose.js';
import { found, type MigrationFinding } from './findings.js';
import { differences, nameOf } from './objects.js';
import { lostRows } from './rows.js';
import type { Picture, Scene } from './scene.js';

/** How one stair ended. */
export type Outcome =
  /** It went up, down and up. */
  | 'verified'
  /** Its down cannot be tried. */
  | 'up only'
  /** The next migration went up along with it. */
  | 'with the next'
  /** It is not applied, and nothing behind it can be looked at. */
  | 'stop';

function changedTables(from: DatabaseSchema, to: DatabaseSchema): ReadonlySet<string> {
  const before = new Map(from.tables.map((table) => [nameOf(table), JSON.stringify(table)]));
  return new Set(
    to.tables.filter((table) => before.get(nameOf(table)) !== JSON.stringify(table)).map(nameOf),
  );
}

/** What neither up nor down, or one of them, does nothing of. */
function idle(
  name: string,
  title: string,
  [up, down]: readonly [number, number],
  changes: readonly string[],
): readonly (readonly ['EMPTY' | 'EMPTY_DOWN', string])[] {
  if (up === 0 && down === 0)
    return [['EMPTY', `${name} is a placeholder: up and down do nothing on ${title}`]];
  if (up === 0) return [['EMPTY', `the up of ${name} does nothing, and its down does`]];
  if (down > 0) return [];
  const what = changes.length === 0 ? ': what it did to the rows stays' : '';
  return [['EMPTY_DOWN', `${name} has an empty down${what}`]];
}

interface Climbed {
  readonly before: Picture;
  readonly up: Picture;
  readonly writes: number;
  readonly isOnEmpty: boolean;
}

/** After a down that went through: what it has not undone, and whether the way up is free again. */
async function upAgain(scene: Scene, entry: KnownEntry, climbed: Climbed, downWrites: number): Promise<void> {
  const { before, up, writes, isOnEmpty } = climbed;
  const { name, path: file } = entry;
  const report = (code: MigrationFinding['code'], message: string, table?: string): void => {
    const where = { migration: name, file };
    scene.findings.push(found(code, message, table === undefined ? where : { ...where, table }));
  };
  const changes = differences(before.objects, up.objects);
  for (const [code, message] of idle(name, scene.title, [writes, downWrites], changes)) report(code, message);
  const after = await scene.picture();
  const rest = differences(before.objects, after.objects);
  if (rest.length > 0 && downWrites > 0) {
    const list = rest.join('\n  ');
    report(
      'DOWN_DIFFERS',
      `after the down of ${name} the schema is not what it was before its up:\n  ${list}`,
    );
  }
  for (const { table, lost, of, columns } of isOnEmpty ? [] : lostRows(before.rows, up.rows, after.rows)) {
    const what = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
    const message = `after up and down of ${name}, ${lost} of ${of} rows of ${table} are not what they were${what}`;
    report('ROWS_CHANGED', message, table);
  }
  const { error } = await scene.step('up', name);
  if (error !== undefined) {
    // Without a way back it is no wonder.
    if (downWrites > 0 || writes === 0) {
      report('UP_AGAIN_FAILED', `${name} cannot be applied again after its down: ${said(error)}`);
    }
    return scene.startAgain();
  }
  const again = await scene.picture();
  const other = differences(up.objects, again.objects);
  if (other.length > 0 && rest.length === 0) {
    report('UP_AGAIN_DIFFERS', `${name} made something else the second time:\n  ${other.join('\n  ')}`);
  }
  if (other.length > 0) await scene.startAgain();
  else if (!isOnEmpty) scene.remember(again);
}

/** Takes one migration up, down and up again. */
export async function stair(
  scene: Scene,
  entry: KnownEntry,
  next: KnownEntry | undefined,
  downs: FailedDowns,
): Promise<Outcome> {
  const { name } = entry;
  const before = await scene.before();
  const first = await firstUp(scene, entry, next);
  if (first === undefined) return 'stop';
  if (first === 'with the next') {
    await scene.seed(name, await scene.readSchema());
    return first;
  }
  const { writes, isOnEmpty } = first;
  scene.keep(name);
  const { config } = await entry.load();
  if (config?.transaction === false) {
    scene.notes.push(`${name} runs without a transaction: where it fails halfway, half of it stays`);
  }
  await blameLater(scene, entry, downs);
  const schema = await scene.readSchema();
  if (!isOnEmpty) await scene.seed(name, schema, changedTables(before.schema, schema));
  if (config?.baseline === true) {
    scene.notes.push(`${name} is the baseline: its down leaves what it makes, and is not tried`);
    return 'up only';
  }
  const up = await scene.picture(schema);
  if (writes > 0 && differences(before.objects, up.objects).length === 0) {
    scene.notes.push(`${name} changes nothing of the schema: it is about rows or settings`);
  }
  const down = await scene.step('down', name);
  if (down.error !== undefined) {
    if (writes === 0) {
      const message = `${name} is a placeholder: its up does nothing on ${scene.title}`;
      scene.findings.push(found('EMPTY', message, { migration: name, file: entry.path }));
    }
    await failedDown(scene, entry, { error: down.error, writes: down.writes, up }, downs);
    return 'up only';
  }
  await upAgain(scene, entry, { before, up, writes, isOnEmpty }, down.writes);
  if (isOnEmpty) await scene.seed(name, await scene.readSchema());
  return 'verified';
}
