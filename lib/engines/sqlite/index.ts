import type { Engine } from '../contract.js';
import { inspect } from './inspect.js';
import { metadata } from './metadata.js';
import { tryTrigger } from './tryTrigger.js';

const URL_PREFIX = /^(?:sqlite3?|better-sqlite3|file):(?:\/\/)?/i;

export const sqlite: Engine = {
  name: 'sqlite',
  title: 'SQLite',
  clients: ['better-sqlite3', 'sqlite3', 'sqlite'],
  driverOf: (client) => (client === 'better-sqlite3' ? 'better-sqlite3' : 'sqlite3'),
  fromUrl: (url) =>
    URL_PREFIX.test(url)
      ? { client: 'better-sqlite3', connection: { filename: decodeURIComponent(url.replace(URL_PREFIX, '')) } }
      : undefined,
  inspect,
  metadata,
  tryTrigger,
};
