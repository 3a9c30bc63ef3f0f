import { mentions } from '../engines/tokens.js';
import { type Effect, effectsOf, isHookStatement, type Thing } from './effects.js';

/** A thing with the migration that made it. */
export interface OwnedThing extends Thing {
  readonly owner: string;
  /** A later statement may have dropped or renamed it. */
  readonly isUnsure?: true;
}

/** What the database has after migrations, by what their statements say. */
export interface Account {
  readonly things: () => readonly OwnedThing[];
  readonly apply: (owner: string, sql: string) => void;
}

const keyOf = ({ kind, table, name }: Pick<Thing, 'kind' | 'table' | 'name'>): string =>
  JSON.stringify(kind === 'index' || kind === 'trigger' ? [kind, name] : [kind, table, name]);

/** Keeps account of tables, columns, indexes and triggers. */
export function newAccount(): Account {
  const things = new Map<string, OwnedThing>();
  /** What a migration has dropped: a rebuild drops a table and gives another its name. */
  let dropped = { owner: '', owners: new Map<string, string>() };

  /** The migration that has chosen another schema for names without one; `''` when that lasts beyond it. */
  let pathOf: string | undefined;

  function remove(thing: OwnedThing): void {
    things.delete(keyOf(thing));
    dropped.owners.set(keyOf(thing), thing.owner);
  }

  function put(thing: OwnedThing): void {
    const owner = dropped.owners.get(keyOf(thing)) ?? thing.owner;
    things.set(keyOf(thing), { ...thing, owner });
  }

  function run(owner: string, effect: Effect): void {
    if (effect.kind === 'make') {
      const isElsewhere = effect.thing.schema === undefined && (pathOf === owner || pathOf === '');
      put({ ...effect.thing, owner, ...(isElsewhere ? { isUnsure: true } : {}) });
      return;
    }
    const { what, table, name } = effect;
    // The indexes of a column go with it.
    if (effect.kind === 'drop' && what === 'column') {
      for (const thing of [...things.values()])
        if (thing.kind === 'index' && thing.table === table && mentions(thing.definition ?? '', name))
          remove(thing);
    }
    const isOf = (thing: OwnedThing): boolean =>
      what === 'table'
        ? thing.table === name
        : thing.kind === what && thing.name === name && (what !== 'column' || thing.table === table);
    for (const thing of [...things.values()].filter(isOf)) {
      if (effect.kind === 'drop') {
        remove(thing);
        continue;
      }
      things.delete(keyOf(thing));
      const isItself = what !== 'table' || thing.kind === 'table';
      put({
        ...thing,
        table: what === 'table' ? effect.to : thing.table,
        name: isItself ? effect.to : thing.name,
      });
    }
  }

  return {
    things: () => [...things.values()],
    apply: (owner, sql) => {
      if (dropped.owner !== owner) dropped = { owner, owners: new Map() };
      const { effects, touches } = effectsOf(sql);
      if (/\bsearch_path\b/i.test(sql) && !isHookStatement(sql))
        pathOf = /^\s*set\s+local\b/i.test(sql) ? owner : '';
      for (const effect of effects) run(owner, effect);
      if (touches === undefined) return;
      for (const thing of [...things.values()]) {
        if (touches === 'all' || sql.includes(thing.table) || sql.includes(thing.name))
          things.set(keyOf(thing), { ...thing, isUnsure: true });
      }
    },
  };
}
