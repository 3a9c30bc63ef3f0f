import type { Node, TypeName } from 'libpg-query';

const NAMES: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  smallserial: 'smallint',
  serial2: 'smallint',
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
  bool: 'boolean',
  float4: 'real',
  float8: 'double precision',
  varchar: 'character varying',
  bpchar: 'character',
};
const ZONES: Readonly<Record<string, readonly [string, string]>> = {
  timestamp: ['timestamp', ' without time zone'],
  timestamptz: ['timestamp', ' with time zone'],
  time: ['time', ' without time zone'],
  timetz: ['time', ' with time zone'],
};

/** The text of a name's last part. */
export function lastName(names: readonly Node[] | undefined): string {
  const last = names?.at(-1);
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : '';
}

export const isSerial = (type: TypeName | undefined): boolean =>
  /^(small|big)?serial\d?$/.test(lastName(type?.names));

/** A type as the catalog writes it. */
export function typeText(type: TypeName | undefined): string {
  const name = lastName(type?.names);
  const sizes = (type?.typmods ?? []).flatMap((node) =>
    'A_Const' in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : [],
  );
  const size = sizes.length === 0 ? '' : `(${sizes.join(',')})`;
  const [before, behind] = ZONES[name] ?? [NAMES[name] ?? name, ''];
  return `${before}${size}${behind}${(type?.arrayBounds ?? []).map(() => '[]').join('')}`;
}
