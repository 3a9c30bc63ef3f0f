import type { CompiledQuery } from '../../../metadata/knexInternals.js';
import { EMPTY_SCHEMA, inOrder, type Piece, type Worded, wordsOf } from '../../scratch.js';
import type { ScratchObject } from '../../scratchObject.js';
import { tokenize } from '../../tokens.js';
import { quoteName, withoutBindings } from '../identifiers.js';
import { addCreated, addExtensions, createdBy, nameSet } from './declared.js';
import { namedOf, realNames } from './guard.js';
import type { ScratchNames } from './names.js';
import type { ScratchRequest } from './request.js';
import type { Step } from './run.js';
import { type Stub, stubsOf } from './stubs.js';

/** All that is run in the scratch schemas, and what of it only stands for the database's own. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly stubs: readonly Stub[];
}

/** A foreign key, which Knex adds when the table is there: all of them come after all of the tables. */
const ADDS_KEY = /^alter table [^(]*? add (?:constraint (?:"(?:[^"]|"")+"|\w+) )?foreign key/i;
/** What is said of a key when it is there. */
const OF_CONSTRAINT = /^comment on constraint /i;
/** What names no other object: the hook's own statements, comments. */
const NAMES_NOTHING = /^(do|comment on)\b/i;
/** Texts that are no SQL yet: the bodies of functions, which the server does not look into when it makes them. */
const BODIES = /\$([\p{L}_][\p{L}\p{N}_]*)?\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/gu;

const asWritten = (word: string): string => word;

/** A string is a name only where it is taken for an object: `nextval('s')`, `'s'::regclass`. */
const STRINGS = /(\bnextval\(\s*|\breg\w+\s+)?'(?:[^']|'')*'(::reg\w+)?/gi;

function withoutStrings(sql: string): string {
  return sql.replace(STRINGS, (text, before?: string, after?: string) =>
    before === undefined && after === undefined ? "''" : text,
  );
}

function worded(piece: Piece): Worded {
  const { kind } = piece.object;
  const text = piece.statements
    .flatMap(({ sql }) => (kind === 'table' && (NAMES_NOTHING.test(sql) || ADDS_KEY.test(sql)) ? [] : [sql]))
    .join('\n');
  const isFunction = kind === 'function' || kind === 'procedure';
  return {
    ...piece,
    alsoCalled: kind === 'sql' ? createdBy(piece.statements) : [],
    words: wordsOf(withoutStrings(isFunction ? text.replace(BODIES, '') : text), asWritten),
  };
}

/** What the pieces name of the database without declaring it, and the types of that. */
function stubsFor(
  pieces: readonly Piece[],
  { actual, shadow }: ScratchRequest,
  isDeclared: (schema: string, name: string) => boolean,
): readonly Stub[] {
  // Functions of the database itself can be named without a lock.
  const isWanted = ({ kind, schema, name, isType, isSequence }: Stub) =>
    (shadow !== undefined || isType || isSequence || kind === 'table' || kind === 'view') &&
    !isDeclared(schema, name);
  const candidates = stubsOf(actual).filter(isWanted);
  if (candidates.length === 0) return [];
  const words = new Set<string>();
  for (const { object, statements } of pieces) {
    for (const { sql } of statements) {
      if (object.kind === 'table' && NAMES_NOTHING.test(sql)) continue;
      for (const word of wordsOf(sql, asWritten)) words.add(word);
    }
  }
  const named = candidates.filter(({ name }) => words.has(name));
  const types = candidates.filter(({ isType, name }) => isType && !words.has(name));
  if (types.length === 0) return named;
  const further = wordsOf(named.map(({ create }) => create('')).join('\n'), asWritten);
  return [...types.filter(({ name }) => further.has(name)), ...named];
}

const stubObject = ({ kind, schema, name }: Stub): ScratchObject => ({
  kind,
  schema,
  name,
  title: `the ${kind} \`${schema}.${name}\` of the database`,
  dependsOn: [],
  build: () => [],
});

/** The extensions of the database, for a shadow database that lacks them. */
function extensionSteps({ actual, shadow }: ScratchRequest, names: ScratchNames): readonly Step[] {
  if (shadow === undefined) return [];
  return actual.extensions.map(({ name, schema }) => ({
    object: {
      kind: 'extension',
      schema,
      name,
      title: `the extension \`${name}\``,
      dependsOn: [],
      build: () => [],
    },
    statements: [
      {
        sql: `create extension if not exists ${quoteName(name)} schema ${quoteName(names.scratchOf(schema))}`,
      },
    ],
    isOptional: true,
    named: [],
    creates: [],
  }));
}

/**
 * The values of enums that could be read as a schema and what is in it. They are texts wherever they stand, and the
 * server has no room for longer ones.
 */
function enumValues(pieces: readonly Piece[], { actual }: ScratchRequest): readonly string[] {
  const declared = pieces.flatMap(({ statements }) =>
    statements.flatMap(({ sql }) => {
      const [, list] = /^\s*create\s+type\s[^']*?\sas\s+enum\s*(\([\s\S]*)/i.exec(sql) ?? [];
      return tokenize(list ?? '')
        .filter(({ kind }) => kind === 'string')
        .map(({ text }) => text);
    }),
  );
  const found = actual.enums.flatMap((each) =>
    each.values.map((value) => `'${value.replaceAll("'", "''")}'`),
  );
  return [...new Set([...declared, ...found])].filter((text) => text.includes('.'));
}

/** What comes with extensions that the models have and the database has not: nobody knows its names before. */
function comingWith(
  { objects, actual }: ScratchRequest,
  names: ScratchNames,
  home: string,
): (schema: string, name: string) => boolean {
  const coming = objects.filter(
    ({ kind, name }) => kind === 'extension' && !actual.extensions.some((each) => each.name === name),
  );
  const schemas = new Set(coming.map(({ schema = home }) => names.toReal(schema)));
  if (schemas.size === 0) return () => false;
  const there = new Set(
    [
      actual.tables,
      actual.views,
      actual.functions,
      actual.enums,
      actual.domains,
      actual.sequences,
      actual.others,
    ]
      .flat()
      .map(({ schema, name }) => JSON.stringify([schema, name])),
  );
  return (schema, name) => schemas.has(schema) && !there.has(JSON.stringify([schema, name]));
}

/** Plans the build: in which order it runs, and what stands for the rest of the database. */
export function planBuild(
  pieces: readonly Piece[],
  request: ScratchRequest,
  names: ScratchNames,
  home: string,
): Plan {
  const known = nameSet();
  addCreated(known, pieces, home, names.toReal);
  const stubs = stubsFor(pieces, request, known.has);
  for (const { schema, name } of stubs) known.add(schema, name);
  if (request.shadow !== undefined) addExtensions(known, request.actual);

  const stubPieces = stubs.map((stub) => {
    const quoted = `${quoteName(names.scratchOf(stub.schema))}.${quoteName(stub.name)}`;
    const statements = [{ sql: withoutBindings(stub.create(quoted)) }];
    return { ...worded({ object: stubObject(stub), statements }), isOptional: true };
  });
  const all = [...stubPieces, ...pieces.map((piece) => ({ ...worded(piece), isOptional: false }))];
  const isComing = comingWith(request, names, home);
  const has = (schema: string, name: string) => known.has(schema, name) || isComing(schema, name);
  const values = enumValues(all, request);
  const moved = (statement: CompiledQuery): CompiledQuery => ({
    ...statement,
    sql: names.toScratch(statement.sql, has, values),
  });
  const ordered = inOrder(all, asWritten).map((piece) => ({
    ...piece,
    statements: piece.statements.map(moved),
  }));
  const real = realNames(request.shadow === undefined ? request.actual : EMPTY_SCHEMA);
  const isKey = ({ object }: Piece, { sql }: CompiledQuery) =>
    object.kind === 'table' && (ADDS_KEY.test(sql) || OF_CONSTRAINT.test(sql));
  const part = (wanted: boolean): readonly Step[] =>
    ordered.flatMap((piece) => {
      const statements = piece.statements.filter((each) => isKey(piece, each) === wanted);
      if (statements.length === 0) return [];
      const creates = new Set<string>();
      addCreated({ add: (_, name) => void creates.add(name), has: () => false }, [piece], home, names.toReal);
      const { object, isOptional } = piece;
      return [
        { object, statements, isOptional, named: namedOf(statements, creates, real), creates: [...creates] },
      ];
    });
  return { steps: [...extensionSteps(request, names), ...part(false), ...part(true)], stubs };
}
