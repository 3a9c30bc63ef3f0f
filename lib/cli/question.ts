import { escapeUnsafe } from '../render/escape.js';

/** One answer that can be chosen. */
interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
}

/** Whether a person sits before a terminal: never in a pipe, in CI, or where a program reads the result. */
export function canAsk(args: Readonly<Record<string, unknown>>): boolean {
  const isCi = process.env.CI !== undefined && !/^(|0|false)$/i.test(process.env.CI);
  const { isTTY, columns = 0 } = process.stdout;
  // One that does not say how wide it is, or shows no cursor, cannot show a choice.
  const isTerminal = process.stdin.isTTY === true && isTTY === true && columns >= 20;
  return isTerminal && !isCi && args.json !== true && args.quiet !== true && process.env.TERM !== 'dumb';
}

/** Lets a person choose one; the first is offered. `cancelled` after Ctrl-C or Escape. */
export async function choose<Value>(
  question: string,
  choices: readonly Choice<Value>[],
): Promise<'cancelled' | { readonly value: Value }> {
  // Loaded when there is something to ask, which is seldom.
  const { isCancel, select } = await import('@clack/prompts');
  // A name of the database cannot move the cursor, hide text or colour it.
  const options = choices.map(({ label }, index) => ({ value: index, label: escapeUnsafe(label) }));
  const answer = await select({ message: escapeUnsafe(question), options });
  const choice = isCancel(answer) ? undefined : choices[answer];
  return choice === undefined ? 'cancelled' : { value: choice.value };
}
