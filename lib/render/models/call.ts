import type { ObjectName } from '../../schema/names.js';
import { codeText, literal, quote } from '../text.js';

/** Options in the order in which they are written; what is undefined or empty is not. */
export type CallOptions = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string';

/** A value of an option: SQL may have many lines. */
function valueText(value: unknown, indent: string): string {
  if (isText(value)) return codeText(value);
  if (!Array.isArray(value) || !value.every(isText)) return literal(value);
  const inline = `[${value.map((each) => codeText(each)).join(', ')}]`;
  if (inline.length < 80 && !inline.includes('\n')) return inline;
  return `[\n${value.map((each) => `${indent}  ${codeText(each)},\n`).join('')}${indent}]`;
}

/** `{ schema: 'app', metadata: false }`, broken where it is long; undefined where nothing is said. */
export function optionsText(options: CallOptions, indent: string): string | undefined {
  const entries = Object.entries(options).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  if (entries.length === 0) return undefined;
  const texts = entries.map(([key, value]) => `${key}: ${valueText(value, `${indent}  `)}`);
  const inline = `{ ${texts.join(', ')} }`;
  if (inline.length < 90 && !inline.includes('\n')) return inline;
  return `{\n${texts.map((text) => `${indent}  ${text},\n`).join('')}${indent}}`;
}

/** `defineView('name', query, options)`, on one line where it fits. */
export function callText(
  define: string,
  name: string,
  parts: readonly string[],
  options: CallOptions = {},
): string {
  const said = optionsText(options, '');
  const all = [quote(name), ...parts, ...(said === undefined ? [] : [said])];
  const inline = `${define}(${all.join(', ')})`;
  if (inline.length < 90 && !inline.includes('\n')) return inline;
  const broken = optionsText(options, '  ');
  const lines = [quote(name), ...parts, ...(broken === undefined ? [] : [broken])];
  return `${define}(\n${lines.map((line) => `  ${line},\n`).join('')})`;
}

/** `defineSql('name', { create, drop })`. */
export function sqlDefinition(
  name: string,
  create: readonly string[],
  drop: readonly string[],
  dependsOn: readonly string[] = [],
): string {
  const [only] = create;
  const statements = optionsText(
    { create: create.length === 1 ? only : create, drop: drop.length === 1 ? drop[0] : drop },
    '  ',
  );
  return callText('defineSql', name, [statements ?? '{}'], { dependsOn });
}

/** How an object is called in messages. */
export function qualified({ schema, name }: ObjectName, defaultSchema: string | undefined): string {
  return schema === undefined || schema === defaultSchema ? name : `${schema}.${name}`;
}
