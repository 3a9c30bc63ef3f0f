import type { Engine } from '../contract.js';
import { adoption } from './adoption/index.js';
import { countRows } from './asking.js';
import { changes } from './changes/index.js';
import { checks } from './checks.js';
import { connectionProblem, fileOf, fromUrl } from './file.js';
import { introspect } from './introspect/index.js';
import { lint } from './lint/index.js';
import { meaning } from './meaning.js';
import { metadata } from './metadata.js';
import { migrations } from './migrations.js';
import { preserving } from './preserving.js';
import { OBJECT_KINDS, readBoth } from './scratch.js';
import { seeding } from './seeding.js';
import { fromTemplate } from './template.js';
import { throwaway } from './throwaway.js';
import { valueTypes } from './valueTypes.js';

function majorOf(version: string): number {
  return Number.parseInt(version.replace(/^v/, ''), 10);
}

export const sqlite: Engine = {
  name: 'sqlite',
  title: 'SQLite',
  clients: ['better-sqlite3', 'sqlite3', 'sqlite'],
  driverOf: (client) => (client === 'better-sqlite3' ? 'better-sqlite3' : 'sqlite3'),
  driverProblem: (driver, version, node) =>
    driver === 'better-sqlite3' && majorOf(version) >= 13 && majorOf(node) < 22
      ? `${driver} ${version} needs Node 22 or newer, and this is Node ${node}: npm install better-sqlite3@12`
      : undefined,
  defaults: { useNullAsDefault: true },
  databaseFile: fileOf,
  fromUrl,
  connectionProblem,
  hasSchemas: false,
  homeSchema: async () => undefined,
  searchPath: async () => [],
  prepareSchemas: async () => undefined,
  introspect,
  objectKinds: OBJECT_KINDS,
  readBoth,
  countRows,
  throwaway,
  changes,
  valueTypes,
  metadata,
  migrations,
  lint,
  adoption,
  checks,
  preserving,
  meaning,
  seeding,
  fromTemplate,
};
