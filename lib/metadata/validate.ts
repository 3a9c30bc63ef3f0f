import { closest } from 'fastest-levenshtein';
import { KnexMetaError } from '../errors.js';
import { METADATA_COLUMNS } from './options.js';

const META_KEYS = [
  'timestampUtc',
  'onExplicitUpdate',
  'columns',
  'prefix',
  'visible',
  'tables',
  'models',
  'shadow',
  'include',
  'exclude',
  'lint',
  'accept',
] as const;
const LINT_KEYS = ['ignore', 'severity', 'smallTable'] as const;
const SEVERITIES = ['error', 'warning', 'note', 'off'];
const TABLES_KEYS = ['include', 'exclude'] as const;
const COLUMN_KEYS = ['name', 'index'] as const;

function unknownKeys(value: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw new KnexMetaError('META_OPTION_UNKNOWN', `Unknown option \`${where}.${key}\`.`, {
      remedy: `Did you mean \`${where}.${closest(key, [...known])}\`? The options there are: ${known.join(', ')}.`,
      details: { option: `${where}.${key}`, known },
    });
  }
}

function invalid(option: string, expected: string): KnexMetaError {
  return new KnexMetaError('META_OPTION_INVALID', `The option \`${option}\` must be ${expected}.`, {
    details: { option },
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks `meta.columns`, or what `t.metadata({...})` got; `where` names it in messages. */
export function validateColumns(columns: unknown, where: string): void {
  if (!isRecord(columns)) throw invalid(where, 'an object with a key for each column');
  const standard: readonly string[] = METADATA_COLUMNS;
  for (const [key, value] of Object.entries(columns)) {
    if (typeof value === 'function' && !standard.includes(key)) continue;
    if (!standard.includes(key)) {
      throw new KnexMetaError('META_OPTION_UNKNOWN', `Unknown metadata column \`${where}.${key}\`.`, {
        remedy:
          `Did you mean \`${closest(key, [...standard])}\`? A column of your own is added by a function: ` +
          `\`${key}: (table, name) => table.string(name)\`.`,
        details: { option: `${where}.${key}`, known: standard },
      });
    }
    if (value === undefined || typeof value === 'boolean') continue;
    if (typeof value === 'string' && value !== '') continue;
    if (!isRecord(value)) throw invalid(`${where}.${key}`, 'false, a new name, or { name, index }');
    unknownKeys(value, COLUMN_KEYS, `${where}.${key}`);
    if (value.index !== undefined && typeof value.index !== 'boolean') {
      throw invalid(`${where}.${key}.index`, 'true or false');
    }
    if (value.name !== undefined && (typeof value.name !== 'string' || value.name === '')) {
      throw invalid(`${where}.${key}.name`, 'a column name');
    }
  }
}

function validatePatterns(patterns: unknown, where: string): void {
  if (patterns === undefined) return;
  const isPattern = (p: unknown): boolean => typeof p === 'string' || p instanceof RegExp;
  if (!Array.isArray(patterns) || !patterns.every(isPattern)) {
    throw invalid(where, 'an array of names, patterns with `*`, or regular expressions');
  }
}

function validateDirectories(models: unknown): void {
  const isPath = (path: unknown): boolean => typeof path === 'string' && path !== '';
  if (isPath(models) || (Array.isArray(models) && models.length > 0 && models.every(isPath))) return;
  throw invalid('meta.models', 'a directory, or an array of directories');
}

function validateLint(lint: unknown): void {
  if (!isRecord(lint)) throw invalid('meta.lint', 'an object with `ignore`, `severity` or `smallTable`');
  unknownKeys(lint, LINT_KEYS, 'meta.lint');
  const { ignore = [], severity = {}, smallTable = 0 } = lint;
  if (!Array.isArray(ignore) || !ignore.every((code) => typeof code === 'string')) {
    throw invalid('meta.lint.ignore', 'an array of the codes of rules');
  }
  if (!isRecord(severity) || !Object.values(severity).every((each) => SEVERITIES.includes(String(each)))) {
    throw invalid('meta.lint.severity', `an object of codes and ${SEVERITIES.join(', ')}`);
  }
  if (!Number.isInteger(smallTable) || Number(smallTable) < 0) {
    throw invalid('meta.lint.smallTable', 'a number of rows');
  }
}

/** Throws META_OPTION_UNKNOWN or META_OPTION_INVALID when the `meta` key of a configuration is wrong. */
export function validateMeta(meta: unknown): void {
  if (meta === undefined) return;
  if (!isRecord(meta)) throw invalid('meta', 'an object');
  unknownKeys(meta, META_KEYS, 'meta');
  const {
    timestampUtc,
    onExplicitUpdate,
    prefix,
    visible,
    columns,
    tables,
    models,
    shadow,
    include,
    exclude,
    lint,
    accept,
  } = meta;
  if (timestampUtc !== undefined && typeof timestampUtc !== 'string') {
    throw invalid('meta.timestampUtc', 'an SQL expression as a string');
  }
  if (onExplicitUpdate !== undefined && onExplicitUpdate !== 'stamp' && onExplicitUpdate !== 'keep') {
    throw invalid('meta.onExplicitUpdate', "'stamp' or 'keep'");
  }
  if (prefix !== undefined && (typeof prefix !== 'string' || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(prefix)))
    throw invalid('meta.prefix', "the beginning of a column's name, like 'row_'");
  if (visible !== undefined && typeof visible !== 'boolean') throw invalid('meta.visible', 'true or false');
  if (columns !== undefined) validateColumns(columns, 'meta.columns');
  if (models !== undefined) validateDirectories(models);
  if (accept !== undefined && !(Array.isArray(accept) && accept.every((each) => typeof each === 'string'))) {
    throw invalid('meta.accept', "an array of codes, like 'IRREVERSIBLE:20240102_split_names'");
  }
  if (shadow !== undefined && (typeof shadow !== 'string' || shadow === '')) {
    throw invalid('meta.shadow', 'the URL of a database');
  }
  validatePatterns(include, 'meta.include');
  validatePatterns(exclude, 'meta.exclude');
  if (lint !== undefined) validateLint(lint);
  if (tables !== undefined) {
    if (!isRecord(tables)) throw invalid('meta.tables', 'an object with `include` or `exclude`');
    unknownKeys(tables, TABLES_KEYS, 'meta.tables');
    validatePatterns(tables.include, 'meta.tables.include');
    validatePatterns(tables.exclude, 'meta.tables.exclude');
  }
}
