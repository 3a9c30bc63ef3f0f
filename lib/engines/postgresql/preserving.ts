import { KnexMetaError } from '../../errors.js';
import type { PreservingEngine, Session } from '../contract.js';
import { outdatedFunctions, upgrade } from './outdated.js';
import { PRESERVE_SETTING } from './trigger.js';

async function refuseOutdated(session: Session): Promise<void> {
  const names = (await outdatedFunctions((sql) => session.rows(sql))).map(({ name }) => name);
  if (names.length === 0) return;
  const are = names.length === 1 ? 'a function' : 'functions';
  throw new KnexMetaError(
    'TRIGGER_OUTDATED',
    `The update triggers of this database have ${are} of an older knex-meta, which would stamp the rows all the same: ${names.join(', ')}. No row was changed.`,
    {
      remedy: 'npx knex-meta meta:upgrade makes them anew. It changes no row and locks no table.',
      details: { functions: names },
    },
  );
}

export const preserving: PreservingEngine = {
  begin: async (session) => {
    await refuseOutdated(session);
    await session.rows(`set local ${PRESERVE_SETTING} = 'on'`);
  },
  end: async (session) => {
    await session.rows(`set local ${PRESERVE_SETTING} = ''`);
  },
  upgrade,
};
