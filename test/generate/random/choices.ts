import fc from 'fast-check';

/** A number from 0 to 2^32 - 1 that follows from two. */
function hash(seed: number, key: string): number {
  let value = seed ^ 0x9e3779b9;
  for (const letter of key) {
    value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x85ebca6b);
    value = (value ^ (value >>> 13)) >>> 0;
  }
  value = Math.imul(value ^ (value >>> 16), 0xc2b2ae35);
  return (value ^ (value >>> 15)) >>> 0;
}

/**
 * Choices by name. Each is independent of the others, and one that is taken back is 0: the plainest answer. So what a
 * failure needs is found by taking back all that it does not need.
 */
export class Choices {
  /** The names of all choices that were not 0. */
  readonly made = new Set<string>();
  /** The names of all that was chosen to differ between the two sides. */
  readonly differing = new Set<string>();

  constructor(
    readonly seed: number,
    readonly undone: ReadonlySet<string> = new Set(),
    /** All that may differ between the two sides, where not all may. */
    readonly changes?: ReadonlySet<string>,
  ) {}

  /** A number from 0 to below `count`. */
  pick(key: string, count: number): number {
    const value = this.undone.has(key) ? 0 : hash(this.seed, key) % count;
    if (value !== 0) this.made.add(key);
    return value;
  }

  /** True in so many of a hundred. */
  chance(key: string, percent: number): boolean {
    return this.pick(key, 100) >= 100 - percent;
  }

  of<Of>(key: string, all: readonly [Of, ...Of[]] | readonly Of[]): Of {
    return all[this.pick(key, all.length)] as Of;
  }

  /** One for each side, most often the same. */
  both<Of>(key: string, choose: (key: string) => Of): readonly [Of, Of] {
    const before = choose(key);
    return [before, this.chance(`${key}~`, 30) && this.differs(key) ? choose(`${key}'`) : before];
  }

  /** Whether what was chosen to differ between the two sides may. */
  differs(key: string): boolean {
    this.differing.add(key);
    return this.changes?.has(key) ?? true;
  }

  without(keys: readonly string[]): Choices {
    return new Choices(this.seed, new Set([...this.undone, ...keys]), this.changes);
  }

  only(changes: readonly string[]): Choices {
    return new Choices(this.seed, this.undone, new Set(changes));
  }

  /** The names in an order of the seed's own. */
  shuffled(names: Iterable<string>): readonly string[] {
    const place = (name: string) => hash(this.seed, `${name} in order`);
    return [...names].sort((a, b) => place(a) - place(b));
  }

  toString(): string {
    return `seed ${this.seed} with ${[...this.made].join(', ')}`;
  }
}

/** All ways to take back a part of what was chosen: the halves first, single choices last. */
function* smaller(choices: Choices): IterableIterator<fc.Value<Choices>> {
  const keys = [...choices.made];
  for (let size = Math.ceil(keys.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < keys.length; at += size)
      yield new fc.Value(choices.without(keys.slice(at, at + size)), undefined);
}

class ChoicesArbitrary extends fc.Arbitrary<Choices> {
  generate(random: fc.Random): fc.Value<Choices> {
    return new fc.Value(new Choices(random.nextInt(0, 0x7fffffff)), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Choices {
    return value instanceof Choices;
  }

  shrink(choices: Choices): fc.Stream<fc.Value<Choices>> {
    return new fc.Stream(smaller(choices));
  }
}

export const anyChoices: fc.Arbitrary<Choices> = new ChoicesArbitrary();
