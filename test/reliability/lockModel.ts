/**
 * A model of the SQLite run lock: processes that open, lock, initialize, check, run, unlink and close, one atomic system
 * call at a time, on a file system where a path can be unlinked and created again. A process that is stopped is one whose
 * next step comes late, so all interleavings include all stops; a process may also die before any step.
 */
interface Inode {
  readonly isEmpty: boolean;
  readonly holder: number | undefined;
}

interface Process {
  readonly step: number;
  /** The file that it has open. */
  readonly inode: number | undefined;
  readonly runsLeft: number;
  readonly isDead: boolean;
  readonly isInside: boolean;
  /** The migration that it has read to be the next one. */
  readonly plan: number;
}

interface World {
  /** The file that the path names now. */
  readonly path: number | undefined;
  readonly inodes: readonly Inode[];
  readonly processes: readonly Process[];
  /** What the database says: so many migrations are applied, and one has begun without a transaction. */
  readonly applied: number;
  readonly hasStarted: boolean;
  /** How many times each migration ran. */
  readonly executions: readonly number[];
}

/** One atomic step of process `id`. It returns the world after it and the next step of the process. */
type Step = (world: World, id: number) => { readonly world: World; readonly next: StepName };
type StepName = string;
export type Protocol = Readonly<Record<StepName, Step>>;

const replaced = <T>(list: readonly T[], at: number, change: Partial<T>): readonly T[] =>
  list.map((each, index) => (index === at ? { ...each, ...change } : each));

const setProcess = (world: World, id: number, change: Partial<Process>): World => ({
  ...world,
  processes: replaced(world.processes, id, change),
});

const setInode = (world: World, at: number, change: Partial<Inode>): World => ({
  ...world,
  inodes: replaced(world.inodes, at, change),
});

const openedBy = (world: World, id: number): number => world.processes[id]?.inode ?? -1;

/** The operating system frees what a process has locked when the file is closed or the process ends. */
function close(world: World, id: number): World {
  const inode = openedBy(world, id);
  const isHolder = world.inodes[inode]?.holder === id;
  const freed = isHolder ? setInode(world, inode, { holder: undefined }) : world;
  return setProcess(freed, id, { inode: undefined, isInside: false });
}

const open: Step = (world, id) => {
  const inode = world.path ?? world.inodes.length;
  const created =
    world.path === undefined
      ? { ...world, path: inode, inodes: [...world.inodes, { isEmpty: true, holder: undefined }] }
      : world;
  return { world: setProcess(created, id, { inode }), next: 'lock' };
};

const lockThen =
  (next: StepName): Step =>
  (world, id) => {
    const inode = openedBy(world, id);
    const { holder } = world.inodes[inode] ?? {};
    if (holder !== undefined && holder !== id) return { world, next: 'giveUp' };
    return { world: setInode(world, inode, { holder: id }), next };
  };

const giveUp: Step = (world, id) => ({ world: close(world, id), next: 'open' });

/** SQLite compares the path with the open file at the first write, but not for a file that is empty. */
const checkPath: Step = (world, id) => {
  const inode = openedBy(world, id);
  const isRefused = world.inodes[inode]?.isEmpty === false && world.path !== inode;
  if (isRefused) return { world, next: 'giveUp' };
  return { world: setProcess(world, id, { isInside: true }), next: 'plan' };
};

/** The part inside the lock: the next migration, without a transaction, and the record that says that it has begun. */
const work = (after: StepName, checksRecord: boolean): Protocol => ({
  plan: (world, id) => ({
    world: setProcess(world, id, { plan: world.applied }),
    next: world.applied < world.executions.length && !world.hasStarted ? 'begin' : after,
  }),
  begin: (world, id) => {
    const isDue = world.applied === world.processes[id]?.plan && !world.hasStarted;
    if (checksRecord && !isDue) return { world, next: after };
    return { world: { ...world, hasStarted: true }, next: 'migrate' };
  },
  migrate: (world, id) => ({
    world: {
      ...world,
      executions: world.executions.map((count, at) => count + (at === world.processes[id]?.plan ? 1 : 0)),
    },
    next: 'record',
  }),
  record: (world, id) => ({
    world: { ...world, applied: (world.processes[id]?.plan ?? 0) + 1, hasStarted: false },
    next: after,
  }),
});

const finish: Step = (world, id) => {
  const left = (world.processes[id]?.runsLeft ?? 0) - 1;
  const closed = setProcess(close(world, id), id, { runsLeft: left });
  return { world: closed, next: left > 0 ? 'open' : 'end' };
};

/** Until this issue: an empty file, deleted while it is locked. */
export const deletedFile: Protocol = {
  open,
  lock: lockThen('checkPath'),
  giveUp,
  checkPath,
  ...work('unlink', false),
  unlink: (world, id) => ({
    world: { ...setProcess(world, id, { isInside: false }), path: undefined },
    next: 'finish',
  }),
  finish,
};

/** Now: a permanent file with content. `checksRecord`: the second protection, in the database. */
export const permanentFile = (checksRecord: boolean): Protocol => ({
  open,
  lock: lockThen('initialize'),
  initialize: (world, id) => {
    const inode = openedBy(world, id);
    if (world.inodes[inode]?.isEmpty === false) return { world, next: 'checkPath' };
    return { world: setInode(world, inode, { isEmpty: false, holder: undefined }), next: 'lockAgain' };
  },
  lockAgain: lockThen('checkPath'),
  giveUp,
  checkPath,
  ...work('finish', checksRecord),
  finish,
});

/** Somebody who deletes the lock file, at any time. */
export const deleter: Protocol = {
  open: (world) => ({ world: { ...world, path: undefined }, next: 'end' }),
};

export interface Exploration {
  readonly worlds: number;
  /** The most processes that were inside the lock at once. */
  readonly mostInside: number;
  readonly mostExecutions: number;
  /** Every process that lives can always go on to its end. */
  readonly isAlwaysFree: boolean;
}

/** How much is tried: runs of each process, processes that may die, migrations that are pending. */
export interface Bounds {
  readonly runs?: number;
  readonly deaths?: number;
  readonly migrations?: number;
}

/** Goes through every interleaving of the programs. */
export function explore(
  programs: readonly Protocol[],
  { runs = 1, deaths = 0, migrations = 2 }: Bounds = {},
): Exploration {
  const names = programs.map((program) => [...Object.keys(program), 'end']);
  const first: World = {
    path: undefined,
    inodes: [],
    processes: programs.map(() => ({
      step: 0,
      inode: undefined,
      runsLeft: runs,
      isDead: false,
      isInside: false,
      plan: 0,
    })),
    applied: 0,
    hasStarted: false,
    executions: Array.from({ length: migrations }, () => 0),
  };
  const seen = new Set<string>();
  const waiting: World[] = [first];
  let mostInside = 0;
  let mostExecutions = 0;
  let isAlwaysFree = true;
  for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
    const key = JSON.stringify(world);
    if (seen.has(key)) continue;
    seen.add(key);
    mostInside = Math.max(mostInside, world.processes.filter(({ isInside }) => isInside).length);
    mostExecutions = Math.max(mostExecutions, ...world.executions);
    const dead = world.processes.filter(({ isDead }) => isDead).length;
    // A lock whose holder does not live would never be free again.
    isAlwaysFree &&= world.inodes.every(
      ({ holder }) => holder === undefined || world?.processes[holder]?.isDead === false,
    );
    for (const [id, { step, isDead }] of world.processes.entries()) {
      const name = names[id]?.[step] ?? 'end';
      if (isDead || name === 'end') continue;
      const result = programs[id]?.[name]?.(world, id);
      if (result === undefined) throw new Error(`no step ${name}`);
      const next = names[id]?.indexOf(result.next) ?? -1;
      if (next < 0) throw new Error(`no step ${result.next}`);
      waiting.push(setProcess(result.world, id, { step: next }));
      if (dead < deaths) waiting.push(setProcess(close(world, id), id, { isDead: true }));
    }
  }
  return { worlds: seen.size, mostInside, mostExecutions, isAlwaysFree };
}
