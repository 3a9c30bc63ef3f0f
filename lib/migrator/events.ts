import { EventEmitter } from 'node:events';

/** Which way a migration runs. */
export type Direction = 'up' | 'down';

/** One migration that a call ran. */
export interface MigrationRun {
  /** The name as Knex's table has it. */
  readonly name: string;
  readonly direction: Direction;
  /** Milliseconds. */
  readonly duration: number;
}

/** What a migrator tells while it works. */
export interface MigratorEvents {
  'run:start': { readonly direction: Direction; readonly migrations: readonly string[] };
  'run:done': { readonly batch: number; readonly migrations: readonly MigrationRun[] };
  /** Another run, stock Knex or another writer is waited for; told once for each kind. */
  'lock:wait': { readonly by: 'knex-meta' | 'knex' | 'writer'; readonly holder: string };
  /** `waited`: milliseconds. */
  'lock:taken': { readonly waited: number };
  'backup:done': { readonly file: string; readonly duration: number };
  'migration:start': { readonly name: string; readonly direction: Direction };
  /** It ran; in a transaction that is still open it can yet be undone. */
  'migration:done': MigrationRun;
  'migration:failed': { readonly name: string; readonly direction: Direction; readonly error: unknown };
  /** A lock was not had in time; it is tried again after `delay` milliseconds. */
  'migration:retry': {
    readonly name: string;
    readonly attempt: number;
    readonly delay: number;
    readonly reason: string;
  };
  warning: { readonly message: string };
}

/** The name of an event of a migrator. */
export type EventName = keyof MigratorEvents;
/** What is called at an event. */
export type Listener<Name extends EventName> = (event: MigratorEvents[Name]) => void;

/** Tells listeners what happens. */
export interface Events {
  readonly emit: <Name extends EventName>(name: Name, event: MigratorEvents[Name]) => void;
  /** Calls the listener from now on; what it returns ends that. */
  readonly on: <Name extends EventName>(name: Name, listener: Listener<Name>) => () => void;
}

export function newEvents(): Events {
  const emitter = new EventEmitter();
  return {
    emit: (name, event) => void emitter.emit(name, event),
    on: (name, listener) => {
      emitter.on(name, listener);
      return () => void emitter.off(name, listener);
    },
  };
}
