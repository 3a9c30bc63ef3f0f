interface HalvesOptions<T> {
  /** What of the limit a thing takes; without it each takes one. */
  readonly sizeOf?: (thing: T) => number;
  /** Is told what fails by itself. */
  readonly refused?: (thing: T, error: Error) => void;
}

/**
 * Sends things in as few turns as can be. A turn that fails, and of which the server has undone everything, is tried again in
 * halves, so one thing that fails costs a few turns and not one for each of its neighbours.
 *
 * @param most - the limit of one turn
 */
export async function sendInHalves<T>(
  things: readonly T[],
  most: number,
  send: (some: readonly T[]) => Promise<unknown>,
  { sizeOf = () => 1, refused = () => {} }: HalvesOptions<T> = {},
): Promise<void> {
  const attempt = async (some: readonly T[]): Promise<void> => {
    const [first] = some;
    if (first === undefined) return;
    try {
      await send(some);
    } catch (error) {
      if (some.length === 1) return refused(first, error as Error);
      const middle = Math.ceil(some.length / 2);
      await attempt(some.slice(0, middle));
      await attempt(some.slice(middle));
    }
  };
  let group: T[] = [];
  let size = 0;
  for (const thing of things) {
    const more = sizeOf(thing);
    if (group.length > 0 && size + more > most) {
      await attempt(group);
      group = [];
      size = 0;
    }
    group.push(thing);
    size += more;
  }
  await attempt(group);
}
