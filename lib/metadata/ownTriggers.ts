import type { Session } from '../engines/contract.js';
import { type HookContext, targetOf } from './target.js';

/**
 * Runs SQL of the project's own. Where that makes or drops a trigger or a trigger's function, ours steps aside before and has
 * its name again after, as a metadata column does for a column of the project's own.
 */
export async function besideOwnTriggers<T>(
  context: HookContext,
  session: Session,
  sql: string,
  run: () => Promise<T>,
): Promise<T> {
  const { ownTriggers } = context.engine;
  const statements = ownTriggers.read(sql);
  if (statements === undefined) return run();
  const target = targetOf(session.client, context, { schema: undefined, name: '', queryContext: undefined });
  if (target.updatedAt === undefined) return run();
  const before = await ownTriggers.before(session, statements, target);
  let answer: T;
  try {
    answer = await run();
  } catch (error) {
    // A transaction that has failed takes the new names back itself: there nothing more can be done.
    await ownTriggers.after(session, statements, target, before).catch(() => {});
    throw error;
  }
  await ownTriggers.after(session, statements, target, before);
  return answer;
}
