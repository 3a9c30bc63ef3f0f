import type { ScriptForm } from '../migrations.js';
import { quoteName } from './identifiers.js';
import { literal } from './literal.js';

export const script: ScriptForm = {
  command: (isOneTransaction) =>
    isOneTransaction ? 'psql -1 -f <this file> <database>' : 'psql -f <this file> <database>',
  prelude: (schemas) => [
    '\\set ON_ERROR_STOP on',
    ...schemas.map((schema) => `create schema if not exists ${quoteName(schema)};`),
    ...(schemas.length === 0 ? [] : [`set search_path to ${schemas.map(quoteName).join(', ')};`]),
  ],
  begin: 'begin;',
  commit: 'commit;',
  isWrapped: true,
  now: 'current_timestamp',
  literal,
};
