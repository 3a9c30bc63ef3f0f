import { resolve } from 'node:path';
import type { Knex } from 'knex';
import type { MigrationEngine } from '../engines/migrations.js';
import type { FailedAt } from './failure.js';

/** What a statement was, for the error that it gave. */
interface Failed {
  readonly sql: string;
}

/** What is seen of the statements of a run. */
export interface Watch {
  /** Where an error came from. */
  readonly locate: (error: unknown, path: string | undefined) => FailedAt;
  /** Watches another view too, for as long as that lives. */
  readonly add: (view: Knex) => void;
  readonly end: () => void;
}

/** The first line of a stack that is in a file, as `file:line:column`. */
export function locationIn(stack: string, path: string): string | undefined {
  const whole = resolve(path);
  for (const line of stack.split('\n')) {
    const at = line.indexOf(whole);
    if (at === -1) continue;
    const [, place] = /^(:\d+:\d+)/.exec(line.slice(at + whole.length)) ?? [];
    if (place !== undefined) return `${path.replace(/^\.\//, '')}${place}`;
  }
  return undefined;
}

interface Watched {
  compileSqlOnError?: boolean;
  asyncStackTraces?: boolean;
}

/** Keeps the statement of each error. Messages get the statement without its values, which may be secret. */
export function watchStatements(view: Knex, engine: MigrationEngine): Watch {
  const statements = new WeakMap<object, Failed>();
  let last: Failed | undefined;
  const remember = (error: unknown, query: Failed): void => {
    // When a connection goes, its ROLLBACK fails too: the statement before it is the one to tell.
    if (!/^rollback\b/i.test(query.sql)) last = query;
    if (typeof error === 'object' && error !== null) statements.set(error, last ?? query);
  };
  const { config } = view.client as { config: Watched };
  const before = { ...config };
  const add = (each: Knex): void => {
    const { config } = each.client as { config: Watched };
    config.compileSqlOnError = false;
    config.asyncStackTraces = true;
    each.on('query-error', remember);
  };
  add(view);
  return {
    locate: (error, path) => {
      if (typeof error !== 'object' || error === null) return {};
      const { stack = '', cause } = error as { readonly stack?: string; readonly cause?: unknown };
      const failed =
        statements.get(error) ?? (typeof cause === 'object' && cause ? statements.get(cause) : undefined);
      const statement = failed?.sql;
      const position =
        statement === undefined ? undefined : engine.positionOf(statements.has(error) ? error : cause);
      const location = path === undefined ? undefined : locationIn(stack, path);
      return {
        ...(statement === undefined ? {} : { statement }),
        ...(position === undefined ? {} : { position }),
        ...(location === undefined ? {} : { location }),
      };
    },
    add,
    end: () => {
      view.removeListener('query-error', remember);
      for (const key of ['compileSqlOnError', 'asyncStackTraces'] as const) {
        if (before[key] === undefined) delete config[key];
        else config[key] = before[key];
      }
    },
  };
}

/** The engine's own words, without the statement that Knex puts before them. */
export function wordsOf(error: unknown, { statement }: FailedAt): string {
  const message = error instanceof Error ? error.message : String(error);
  for (const prefix of [`${statement} - `, 'ROLLBACK - ', 'ROLLBACK; - ']) {
    if (message.startsWith(prefix)) return message.slice(prefix.length);
  }
  return message;
}
