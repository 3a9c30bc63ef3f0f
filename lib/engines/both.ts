/** Both results. The error of the first goes before that of the second, and none is thrown while the other goes on. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
