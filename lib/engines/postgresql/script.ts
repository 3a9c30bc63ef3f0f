import type { ScriptForm } from '../migrations.js';
import { quoteName } from './identifiers.js';
import { literal } from './literal.js';

export const script: ScriptForm = {
  command: (isOneTransaction) =>
    isOneTransaction ? 'psql -1 -f <this file> <database>' : 'psql -f <this file> <database>',
  prelude: ({ path, created, record }) => [
    '\\set ON_ERROR_STOP on',
    ...(record === undefined ? [] : [`create schema if not exists ${quoteName(record)};`]),
    ...(path.length === 0 ? [] : [`set search_path to ${path.map(quoteName).join(', ')};`]),
    ...(created === undefined
      ? []
      : [
          `do $$ begin if pg_catalog.current_schema() is null then create schema ${quoteName(created)}; end if; end $$;`,
        ]),
  ],
  begin: 'begin;',
  commit: 'commit;',
  isWrapped: true,
  now: 'current_timestamp',
  literal,
};
