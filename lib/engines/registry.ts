import { KnexMetaError } from '../errors.js';
import type { Engine, UrlConfig } from './contract.js';
import { postgresql } from './postgresql/index.js';
import { sqlite } from './sqlite/index.js';

/** Every engine that knex-meta knows: a third is one folder and one line here. */
export const engines: readonly Engine[] = [postgresql, sqlite];

/** The engine of a Knex client name; undefined when there is none for it. */
export function engineForClient(client: unknown): Engine | undefined {
  return engines.find(({ clients }) => clients.includes(String(client)));
}

/** Throws CLIENT_UNSUPPORTED for a subclass of a dialect that commands cannot work with. */
export function refuseClass(engine: Engine, client: unknown): void {
  const problem = engine.classProblem?.(client);
  if (problem === undefined) return;
  throw new KnexMetaError('CLIENT_UNSUPPORTED', problem, {
    remedy: `Use one of the clients ${engine.clients.map((name) => `\`${name}\``).join(', ')} with a server. Nothing was changed.`,
  });
}

/** Client and connection for a database URL; undefined when no engine knows the URL. */
export function configFromUrl(url: string): UrlConfig | undefined {
  for (const engine of engines) {
    const config = engine.fromUrl(url);
    if (config !== undefined) return config;
  }
  return undefined;
}
