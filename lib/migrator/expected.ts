import { type Effect, effectsOf, type Thing } from './effects.js';

/** A thing with the migration that made it. */
export interface OwnedThing extends Thing {
  readonly owner: string;
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
      put({ ...effect.thing, owner });
      return;
    }
    const { what, table, name } = effect;
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
      const isItself = what === 'column' || thing.kind === 'table';
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
      for (const effect of effectsOf(sql).effects) run(owner, effect);
    },
  };
}
