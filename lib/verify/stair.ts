import type { KnownEntry } from '../migrator/history.js';
import type { MigrationContent } from '../migrator/source.js';
import type { DatabaseSchema } from '../schema/database.js';
import {
  blameLater,
  climbsWithoutRows,
  type FailedDowns,
  type FirstUp,
  failedDown,
  firstUp,
  said,
} from './diagnose.js';
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

/** Whether it adopts tables: where they have all that already, it has nothing to do. */
const adoptsTables = ({ up, down }: MigrationContent): boolean => /\badoptTable\b/.test(`${up}${down}`);

interface Climbed extends FirstUp {
  readonly before: Picture;
  readonly up: Picture;
  readonly content: MigrationContent;
}

/** After a down that went through: what it has not undone, and whether the way up is free again. */
async function upAgain(scene: Scene, entry: KnownEntry, climbed: Climbed, downWrites: number): Promise<void> {
  const { before, up, content, writes, renames, isOnEmpty } = climbed;
  const { name, path: file } = entry;
  const report = (code: MigrationFinding['code'], message: string, table?: string): void => {
    const where = { migration: name, file };
    scene.findings.push(found(code, message, table === undefined ? where : { ...where, table }));
  };
  const changes = differences(before.objects, up.objects);
  if (writes === 0 && downWrites === 0 && adoptsTables(content)) {
    scene.notes.push(`${name} adopts tables that have their metadata here: it does nothing`);
  } else {
    for (const [code, message] of idle(name, scene.title, [writes, downWrites], changes))
      report(code, message);
  }
  const after = await scene.picture();
  const rest = differences(before.objects, after.objects);
  if (rest.length > 0 && downWrites > 0) {
    const list = rest.join('\n  ');
    report(
      'DOWN_DIFFERS',
      `after the down of ${name} the schema is not what it was before its up:\n  ${list}`,
    );
  }
  const losses = isOnEmpty ? [] : lostRows(before.rows, up.rows, after.rows, renames);
  for (const { table, lost, of, columns } of losses) {
    const what = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
    const message = `after up and down of ${name}, ${lost} of ${of} rows of ${table} are not what they were${what}`;
    report('ROWS_CHANGED', message, table);
  }
  // A table that the down made again has no rows yet.
  if (!isOnEmpty) await scene.seed(undefined, after);
  const { error } = await scene.step('up', name);
  if (error !== undefined) {
    // Without a way back it is no wonder.
    if (downWrites > 0 || writes === 0) {
      const isForRows = !isOnEmpty && (await climbsWithoutRows(scene, before, name));
      if (isForRows)
        report('UP_FAILED_WITH_ROWS', `${name} fails on tables that have rows (up): ${said(error)}`);
      else report('UP_AGAIN_FAILED', `${name} cannot be applied again after its down: ${said(error)}`);
    }
    return scene.startAgain('with sample rows');
  }
  const again = await scene.picture();
  const other = differences(up.objects, again.objects);
  if (other.length > 0 && rest.length === 0) {
    report('UP_AGAIN_DIFFERS', `${name} made something else the second time:\n  ${other.join('\n  ')}`);
  }
  if (other.length > 0) return scene.startAgain('with sample rows');
  // What the down took away with a table or a column has no values any more.
  const wanted = isOnEmpty ? again.rows.keys() : changedTables(before.schema, again.schema);
  scene.remember(await scene.seed(name, again, new Set(wanted)));
  if (!isOnEmpty) return;
  const failure = await scene.rehearse([content, 'down']);
  if (failure instanceof Error) {
    report('DOWN_FAILED_WITH_ROWS', `the down of ${name} fails on tables that have rows: ${said(failure)}`);
  }
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
    scene.remember(await scene.seed(name, await scene.picture()));
    return first;
  }
  const { writes, isOnEmpty } = first;
  scene.keep(name);
  const content = await entry.load();
  const { config } = content;
  if (config?.transaction === false) {
    scene.notes.push(`${name} runs without a transaction: where it fails halfway, half of it stays`);
  }
  await blameLater(scene, entry, downs);
  const bare = await scene.picture();
  const up = isOnEmpty ? bare : await scene.seed(name, bare, changedTables(before.schema, bare.schema));
  if (config?.baseline === true) {
    scene.notes.push(`${name} is the baseline: its down leaves what it makes, and is not tried`);
    return 'up only';
  }
  if (writes > 0 && differences(before.objects, up.objects).length === 0) {
    scene.notes.push(`${name} changes nothing of the schema: it is about rows or settings`);
  }
  const down = await scene.step('down', name);
  if (down.error !== undefined) {
    if (writes === 0 && !adoptsTables(content)) {
      const message = `${name} is a placeholder: its up does nothing on ${scene.title}`;
      scene.findings.push(found('EMPTY', message, { migration: name, file: entry.path }));
    }
    await failedDown(scene, entry, { error: down.error, writes: down.writes, up }, downs);
    return 'up only';
  }
  await upAgain(scene, entry, { ...first, before, up, content }, down.writes);
  return 'verified';
}
