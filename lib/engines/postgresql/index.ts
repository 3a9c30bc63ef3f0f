import type { Engine } from '../contract.js';
import { adoption } from './adoption/index.js';
import { countRows } from './asking.js';
import { changes } from './changes/index.js';
import { checks } from './checks.js';
import { classProblem } from './classProblem.js';
import { introspect } from './introspect/index.js';
import { lint } from './lint/index.js';
import { meaning } from './meaning.js';
import { metadata } from './metadata.js';
import { migrations } from './migrations.js';
import { preserving } from './preserving.js';
import { prepareSchemas, searchPath } from './schemas.js';
import { OBJECT_KINDS, readBoth } from './scratch/index.js';
import { readSurroundings } from './scratch/surroundings.js';
import { seeding } from './seeding.js';
import { fromTemplate } from './template.js';
import { throwaway } from './throwaway.js';
import { connectionProblem } from './url.js';
import { valueTypes } from './valueTypes.js';

export const postgresql: Engine = {
  name: 'postgresql',
  title: 'PostgreSQL',
  clients: ['pg', 'postgres', 'postgresql', 'pgnative'],
  driverOf: (client) => (client === 'pgnative' ? 'pg-native' : 'pg'),
  driverProblem: () => undefined,
  classProblem,
  defaults: {},
  databaseFile: () => undefined,
  fromUrl: (url) => (/^postgres(ql)?:\/\//i.test(url) ? { client: 'pg', connection: url } : undefined),
  connectionProblem,
  hasSchemas: true,
  homeSchema: async (db) => (await readSurroundings(db)).home,
  searchPath,
  prepareSchemas,
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
