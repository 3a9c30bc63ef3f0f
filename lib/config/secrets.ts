/** Greedy up to the last `@` of the word: a password may itself hold `@`, `:` or `/`. */
const URL_PASSWORD = /(\b[a-z][\w+.-]*:\/\/[^:@/\s]*):[^\s'"`]*@/gi;
const PARAMETER = /([?&;\s](?:password|pwd)=)[^&;\s]+/gi;
/** As a source line of a knexfile has it, which Node prints with a syntax error. */
const PROPERTY = /(\bpass(?:word|wd)?["']?\s*[:=]\s*)(["'`])(?:(?!\2)[^\n])*\2/gi;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * A text without the passwords of connection strings in it, nor any of the given secrets. A secret is taken out
 * where it stands by itself: a password `test` leaves `create_test_table` as it is.
 *
 * @example
 * withoutPasswords('postgres://me:pa55@host/db'); // 'postgres://me:***@host/db'
 */
export function withoutPasswords(text: string, secrets: readonly string[] = []): string {
  const cleaned = text
    .replace(URL_PASSWORD, '$1:***@')
    .replace(PARAMETER, '$1***')
    .replace(PROPERTY, '$1$2***$2');
  return [...secrets]
    .sort((a, b) => b.length - a.length)
    .reduce(
      (rest, secret) => rest.replace(new RegExp(`(?<!\\w)${escaped(secret)}(?!\\w)`, 'g'), '***'),
      cleaned,
    );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface Parts {
  readonly secret?: string | undefined;
  /** Shown anyway: a password that equals one of these is no secret to keep from a message. */
  readonly open: readonly unknown[];
}

function partsOfUrl(url: string): Parts {
  const parts = /^[a-z][\w+.-]*:\/\/([^:@/\s]*):(.*)@([^/:@]*)[^/]*\/?([^?]*)/i.exec(url);
  return { secret: parts?.[2], open: parts === null ? [] : [parts[1], parts[3], parts[4]] };
}

/** The passwords that a configuration holds, for `withoutPasswords`. */
export function secretsOf(config: unknown): readonly string[] {
  const connection = (config as { connection?: unknown } | undefined)?.connection;
  const { password, user, database, host, connectionString } = (
    typeof connection === 'string' ? { connectionString: connection } : (connection ?? {})
  ) as Record<string, unknown>;
  const fromUrl = typeof connectionString === 'string' ? partsOfUrl(connectionString) : { open: [] };
  const open = [...fromUrl.open, user, database, host];
  return [password, fromUrl.secret, fromUrl.secret && decoded(fromUrl.secret)].filter(
    (secret): secret is string => typeof secret === 'string' && secret.length > 2 && !open.includes(secret),
  );
}

/** The passwords that variables hold: DATABASE_URL's, and those whose name says so, like PGPASSWORD. */
export function secretsOfVariables(
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const named = Object.entries(variables).filter(([name]) => /passw(?:or)?d$/i.test(name));
  return [
    ...secretsOf({ connection: variables.DATABASE_URL }),
    ...named.flatMap(([, password]) => secretsOf({ connection: { password } })),
  ];
}
