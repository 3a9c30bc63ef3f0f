/**
 * A text without the passwords of connection strings in it, nor any of the given secrets.
 *
 * @example
 * withoutPasswords('postgres://me:pa55@host/db'); // 'postgres://me:***@host/db'
 */
export function withoutPasswords(text: string, secrets: readonly string[] = []): string {
  const urls = text
    .replace(/(\b[a-z][\w+.-]*:\/\/[^:@/\s]*):[^@/\s]*@/gi, '$1:***@')
    .replace(/([?&;\s](?:password|pwd)=)[^&;\s]+/gi, '$1***');
  return secrets
    .filter((secret) => secret.length > 2)
    .reduce((result, secret) => result.replaceAll(secret, '***'), urls);
}

/** The passwords that a configuration holds, for `withoutPasswords`. */
export function secretsOf(config: unknown): readonly string[] {
  const connection = (config as { connection?: unknown } | undefined)?.connection;
  if (typeof connection === 'string') {
    const password = /^[a-z][\w+.-]*:\/\/[^:@/\s]*:([^@/\s]*)@/i.exec(connection)?.[1];
    return password === undefined ? [] : [password, decodeURIComponent(password)];
  }
  const { password, connectionString } = (connection ?? {}) as Record<string, unknown>;
  const own = typeof password === 'string' ? [password] : [];
  return typeof connectionString === 'string'
    ? [...own, ...secretsOf({ connection: connectionString })]
    : own;
}
