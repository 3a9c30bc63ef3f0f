import type { Engine } from '../contract.js';
import { inspect } from './inspect.js';
import { metadata } from './metadata.js';
import { tryTrigger } from './tryTrigger.js';

export const postgresql: Engine = {
  name: 'postgresql',
  title: 'PostgreSQL',
  clients: ['pg', 'postgres', 'postgresql', 'pgnative'],
  driverOf: (client) => (client === 'pgnative' ? 'pg-native' : 'pg'),
  driverProblem: () => undefined,
  defaults: {},
  databaseFile: () => undefined,
  fromUrl: (url) => (/^postgres(ql)?:\/\//i.test(url) ? { client: 'pg', connection: url } : undefined),
  inspect,
  metadata,
  tryTrigger,
};
