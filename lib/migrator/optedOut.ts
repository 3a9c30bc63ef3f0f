import type { KnownEntry } from './history.js';
import { stringOf, tokensOf } from './sourceTokens.js';

const CREATES = /^createTable(IfNotExists)?$/;

/** The tables that a migration's text makes with `t.metadata(false)`. */
function tablesWithout(text: string): readonly string[] {
  const found: string[] = [];
  const tokens = tokensOf(text);
  let table: string | undefined;
  for (const [index, { value }] of tokens.entries()) {
    if (CREATES.test(value)) table = stringOf(tokens[index + 2]);
    const isOff = value === 'metadata' && tokens[index + 2]?.value === 'false';
    if (isOff && table !== undefined) found.push(table);
  }
  return found;
}

/** The migration that says so, by the name of the table, as it is written there. */
export async function tablesOptedOut(entries: readonly KnownEntry[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of entries) {
    const text = (await entry.text()) ?? '';
    // Few say it: the others need not be read word by word.
    if (!text.includes('metadata(')) continue;
    // What was there before the migrations has not opted out: nobody has asked it yet.
    if (text.includes('baseline') && (await entry.load()).config?.baseline === true) continue;
    for (const table of tablesWithout(text)) found.set(table, entry.name);
  }
  return found;
}
