import type { LintEngine } from '../../../lint/engine.js';
import { COLUMNS } from '../../../lint/rules/columns.js';
import { CONSTRAINTS } from '../../../lint/rules/constraints.js';
import { DESTRUCTIVE } from '../../../lint/rules/destructive.js';
import { FILES, KNEX } from '../../../lint/rules/knex.js';
import { LOCKS } from '../../../lint/rules/locks.js';
import { PRACTICE } from '../../../lint/rules/practice.js';
import { read } from './read.js';
import { witness } from './witness.js';

export const lint: LintEngine = {
  rules: [...DESTRUCTIVE, ...COLUMNS, ...CONSTRAINTS, ...LOCKS, ...PRACTICE, ...KNEX, ...FILES],
  read,
  witness,
};
