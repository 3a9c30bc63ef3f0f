import type { ChangeEngine } from '../../contract.js';
import { hazards } from './hazards.js';
import { rewrite } from './rewrite.js';
import { wording } from './wording.js';

/** The server writes one expression in one way, but for the way in which its author wrote a number. */
function foldExpression(sql: string): string {
  return sql.replace(
    /^'(-?\d+(?:\.\d+)?)'::(?:smallint|integer|bigint|numeric|real|double precision)$/,
    '$1',
  );
}

export const changes: ChangeEngine = {
  comparison: {
    foldName: (name) => name,
    foldExpression,
    foldType: (type) => type,
    holdsColumns: true,
    ownExtensions: ['plpgsql'],
  },
  wording,
  hazards,
  defaultSchema: 'public',
  rewrite,
};
