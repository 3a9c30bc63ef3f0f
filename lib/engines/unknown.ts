import type { ClientClass, QueryObject } from '../metadata/knexInternals.js';
import { notOffline } from './offline.js';
import { isWord, significant, tokenize } from './tokens.js';

/** What the client gives for statements of which nobody knows what the database would give. */
export type Unknowns = WeakMap<object, { readonly value: unknown }>;

const passedOn = new WeakSet<object>();

/** A value that can be passed on; whoever looks into it is told that nobody knows it. */
function unknownValue(sql: string): unknown {
  const refuse = (): never => {
    throw notOffline(sql);
  };
  const value = new Proxy([], {
    // A promise asks everything that it resolves to.
    get: (_target, key) => (key === 'then' ? undefined : refuse()),
    has: refuse,
    ownKeys: refuse,
  });
  passedOn.add(value);
  return value;
}

/** A client class that gives unknown values in place of answers. */
export function withUnknowns(base: ClientClass, unknowns: Unknowns): ClientClass {
  return class Unknowing extends base {
    override processResponse(query: QueryObject, runner: unknown): unknown {
      const unknown = unknowns.get(query);
      if (unknown === undefined || query.output !== undefined) return super.processResponse(query, runner);
      return unknown.value;
    }

    override postProcessResponse(response: unknown, queryContext: unknown): unknown {
      // The project's own processing would look into it.
      if (typeof response === 'object' && response !== null && passedOn.has(response)) return response;
      return super.postProcessResponse(response, queryContext);
    }
  };
}

/**
 * Marks the answer of the project's own statement as unknown where it is rows, identifiers or the driver's own object. How
 * many rows a builder's UPDATE or DELETE changed is the given number.
 */
export function markUnknown(
  unknowns: Unknowns,
  statement: QueryObject,
  whole: string,
  count: number | undefined,
): void {
  const { isOwn, isHook, isStream, origin, method } = statement;
  if (isOwn === true || isHook === true || (origin === undefined && isStream !== true)) return;
  const tokens = significant(tokenize(statement.sql));
  const [first] = tokens;
  const isCounted =
    origin?.isRaw === false && (method === 'update' || method === 'del' || method === 'counter');
  if (isCounted && !tokens.some((token) => isWord(token, 'RETURNING'))) {
    if (count !== undefined) unknowns.set(statement, { value: count });
  } else if (isWord(first, 'INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'SELECT')) {
    unknowns.set(statement, { value: unknownValue(whole) });
  }
}
