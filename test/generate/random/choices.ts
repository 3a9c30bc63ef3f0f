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

  constructor(
    readonly seed: number,
    readonly undone: ReadonlySet<string> = new Set(),
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
    return [before, this.chance(`${key}~`, 30) ? choose(`${key}'`) : before];
  }

  without(keys: readonly string[]): Choices {
    return new Choices(this.seed, new Set([...this.undone, ...keys]));
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
