import type { HookTarget, Session } from './contract.js';

/** What removing the metadata of a table would lose: a count of rows for each kind. */
export interface Losses {
  readonly notes: number;
  readonly inactive: number;
  readonly flagged: number;
}

/** The columns whose values people write, as the table has them; undefined: not this one. */
export interface LossNames {
  readonly notes: string | undefined;
  readonly is_active: string | undefined;
  readonly is_flagged: string | undefined;
}

const number = (value: number): string => value.toLocaleString('en-US');

/** `3 with notes, 1 not active`; empty when nothing would be lost. */
export function lossesText({ notes, inactive, flagged }: Losses): string {
  const parts = [
    ...(notes > 0 ? [`${number(notes)} with notes`] : []),
    ...(inactive > 0 ? [`${number(inactive)} not active`] : []),
    ...(flagged > 0 ? [`${number(flagged)} flagged`] : []),
  ];
  return parts.join(', ');
}

/** Says what somebody has written into columns that are about to go. */
export async function warnOfLosses(
  session: Session,
  target: HookTarget,
  dropped: readonly string[],
  read: (session: Session, quoted: string, names: LossNames) => Promise<Losses>,
): Promise<void> {
  const nameOf = (key: string) =>
    target.columns.find((column) => column.key === key && dropped.includes(column.name))?.name;
  const names = { notes: nameOf('notes'), is_active: nameOf('is_active'), is_flagged: nameOf('is_flagged') };
  if (Object.values(names).every((name) => name === undefined)) return;
  const text = lossesText(await read(session, target.quoted, names));
  if (text !== '')
    session.warn(`${target.table.name} loses what was written into its metadata: rows ${text}`);
}
