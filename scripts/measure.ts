export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** How long something takes, in milliseconds. */
export async function timed(act: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
