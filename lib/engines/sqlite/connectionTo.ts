import type { Knex } from 'knex';

type Settings = Readonly<Record<string, unknown>>;

/** A connection like this one to another file, or to memory: its other settings stay. */
export function connectionTo(connection: unknown, filename: string): NonNullable<Knex.Config['connection']> {
  if (typeof connection === 'function') {
    const provide = connection as () => unknown;
    return async () => {
      const { expirationChecker: _ofTheFile, ...given } = (await provide()) as Settings;
      return connectionTo(given, filename) as Knex.StaticConnectionConfig;
    };
  }
  // Flags and an option may say that the file is only read, which does not hold for another one.
  const {
    flags: _ofTheFile,
    options,
    ...settings
  } = (typeof connection === 'object' ? (connection ?? {}) : {}) as Settings;
  return {
    ...settings,
    options: { ...(options as object), readonly: false },
    filename,
  } as Knex.StaticConnectionConfig;
}
