import { identifierOf, isWord, significant, type Token, tokenize } from './tokens.js';

/** A name in SQL, as the database has it. */
export interface NamedObject {
  readonly schema: string | undefined;
  readonly name: string;
}

/** What a statement of the project's own does with one trigger. */
interface TriggerChange {
  readonly action: 'create' | 'drop';
  /** False for a DROP with IF EXISTS, which expects that there may be none. */
  readonly isCertain: boolean;
  /** Undefined where the text puts the name together as it runs. */
  readonly trigger: NamedObject | undefined;
  /** Undefined where the statement names none, or puts the name together as it runs. */
  readonly table: NamedObject | undefined;
}

/** The functions without arguments and the triggers that a text makes, replaces, renames or drops. */
export interface TriggerStatements {
  readonly functions: readonly NamedObject[];
  readonly triggers: readonly TriggerChange[];
  /** Whether the text sets the search path, so that a name may be in another schema than it seems. */
  readonly setsPath: boolean;
}

const CANDIDATE = /\b(?:trigger|function|routine)\b/i;
const CHANGES = /\b(?:create|drop|alter)\b/i;
/** Text that stands in strings is run by these. */
const RUNS_TEXT = /\b(?:do|execute)\b/i;
/** Texts that read or write rows and do nothing behind that: most of all that run. */
const ROWS = /^\s*(?:select|with|insert|update|delete|values|explain|show)\b/i;
const ONE_MORE = /;\s*(?:create|drop|alter|do)\b/i;
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/gu;

const isName = (token: Token | undefined): token is Token => token?.kind === 'word' || token?.kind === 'name';

/** A possibly qualified name, and the position behind it. */
function nameAt(
  tokens: readonly Token[],
  start: number,
): { readonly name?: NamedObject; readonly end: number } {
  const parts: string[] = [];
  let end = start;
  for (let token = tokens[end]; isName(token); token = tokens[end]) {
    parts.push(token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token));
    if (tokens[end + 1]?.text !== '.') {
      return { name: { schema: parts.at(-2), name: parts.at(-1) ?? '' }, end: end + 1 };
    }
    end += 2;
  }
  return { end };
}

/** The position of the next word in the same statement; `undefined` when there is none. */
function findWord(tokens: readonly Token[], start: number, word: string): number | undefined {
  for (let at = start; at < tokens.length && tokens[at]?.text !== ';'; at += 1)
    if (isWord(tokens[at], word)) return at;
  return undefined;
}

function tableAfterOn(tokens: readonly Token[], start: number): NamedObject | undefined {
  const on = findWord(tokens, start, 'ON');
  return on === undefined ? undefined : nameAt(tokens, isWord(tokens[on + 1], 'ONLY') ? on + 2 : on + 1).name;
}

function skip(tokens: readonly Token[], start: number, ...words: readonly string[]): number {
  let at = start;
  while (isWord(tokens[at], ...words)) at += 1;
  return at;
}

/** The functions without arguments in a list as CREATE and DROP have it. */
function functionsAt(tokens: readonly Token[], start: number): readonly NamedObject[] {
  const found: NamedObject[] = [];
  for (let at = start; ; ) {
    const { name, end } = nameAt(tokens, at);
    if (name === undefined) return found;
    const hasList = tokens[end]?.text === '(';
    if (!hasList || tokens[end + 1]?.text === ')') found.push(name);
    at = end;
    if (hasList) while (at < tokens.length && tokens[at - 1]?.text !== ')') at += 1;
    if (tokens[at]?.text !== ',') return found;
    at += 1;
  }
}

/** The new name in `... RENAME TO name`. */
function renamedAt(tokens: readonly Token[], start: number): NamedObject | undefined {
  const rename = findWord(tokens, start, 'RENAME');
  return rename !== undefined && isWord(tokens[rename + 1], 'TO')
    ? nameAt(tokens, rename + 2).name
    : undefined;
}

const FUNCTIONS = ['FUNCTION', 'ROUTINE', 'PROCEDURE'] as const;

function readAt(tokens: readonly Token[], start: number): Pick<TriggerStatements, 'functions' | 'triggers'> {
  const isDrop = isWord(tokens[start], 'DROP');
  const isAlter = isWord(tokens[start], 'ALTER');
  const kind = skip(tokens, start + 1, 'OR', 'REPLACE', 'CONSTRAINT', 'TEMP', 'TEMPORARY');
  const at = skip(tokens, kind + 1, 'IF', 'NOT', 'EXISTS');
  if (isWord(tokens[kind], ...FUNCTIONS)) {
    const functions = functionsAt(tokens, at);
    const [first] = functions;
    if (!isAlter || first === undefined) return { functions: isAlter ? [] : functions, triggers: [] };
    const to = renamedAt(tokens, at);
    return { functions: to === undefined ? [] : [first, { ...to, schema: first.schema }], triggers: [] };
  }
  if (!isWord(tokens[kind], 'TRIGGER') || isWord(tokens[kind - 1], 'EVENT'))
    return { functions: [], triggers: [] };
  const { name: trigger, end } = nameAt(tokens, at);
  const table = tableAfterOn(tokens, end);
  const dropped: TriggerChange = { action: 'drop', isCertain: at === kind + 1, trigger, table };
  const created: TriggerChange = { action: 'create', isCertain: true, trigger, table };
  if (isDrop) return { functions: [], triggers: [dropped] };
  if (!isAlter) return { functions: [], triggers: [created] };
  const to = renamedAt(tokens, at);
  return { functions: [], triggers: to === undefined ? [] : [dropped, { ...created, trigger: to }] };
}

/**
 * What a text does to triggers and their functions, also in the bodies of DO blocks and in strings that those run.
 * What is read there and does not run costs nothing but a look at the catalog.
 */
export function readTriggerStatements(sql: string): TriggerStatements | undefined {
  if (!CANDIDATE.test(sql) || !CHANGES.test(sql)) return undefined;
  if (ROWS.test(sql) && !ONE_MORE.test(sql)) return undefined;
  const tokens = significant(tokenize(sql.replaceAll(DOLLAR_QUOTE, ' ').replaceAll('\\?', '?')));
  const found = tokens.flatMap((token, at) =>
    isWord(token, 'CREATE', 'DROP', 'ALTER') ? [readAt(tokens, at)] : [],
  );
  if (RUNS_TEXT.test(sql))
    for (const token of tokens.filter(({ kind }) => kind === 'string')) {
      const inner = readTriggerStatements(identifierOf(token));
      if (inner !== undefined) found.push(inner);
    }
  const functions = found.flatMap((each) => each.functions);
  const triggers = found.flatMap((each) => each.triggers);
  if (functions.length + triggers.length === 0) return undefined;
  return { functions, triggers, setsPath: /\bsearch_path\b/i.test(sql) };
}
