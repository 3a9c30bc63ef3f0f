import { countText, type Hazard } from '../operations/hazards/index.js';
import { lineComments } from './comments.js';

/** What a file says before a statement. */
export interface Note {
  readonly text: string;
  /** The safe way: said once where several notes have it. */
  readonly remedy: string;
}

export function noteOf(hazard: Hazard, count?: number): Note {
  const found = countText(hazard, count);
  const counted = found === '' ? '' : `When this was written: ${found}`;
  return { text: [hazard.message, counted].filter((text) => text !== '').join(' '), remedy: hazard.remedy };
}

/** `LONG LOCK: t.x changes from a to b: the table is rewritten.` */
const PARTS = /^([A-Z ]+): (.+?): (.+)$/s;

/** Texts that say the same of different things are one text of all of them. */
function joinSubjects(texts: readonly string[]): readonly string[] {
  const joined = new Map<string, { lead: string; subjects: string[]; rest: string }>();
  for (const text of new Set(texts)) {
    const [, lead = '', subject = '', rest = ''] = PARTS.exec(text) ?? [];
    const key = rest === '' ? text : `${lead}\n${rest}`;
    const same = joined.get(key);
    if (same === undefined) joined.set(key, { lead, subjects: [rest === '' ? text : subject], rest });
    else same.subjects.push(subject);
  }
  return [...joined.values()].map(({ lead, subjects, rest }) =>
    rest === '' ? subjects.join('') : `${lead}: ${subjects.join('; ')}: ${rest}`,
  );
}

/** The comments before a statement: what several of them explain is said once, behind them. */
export function noteLines(notes: readonly Note[], indent: string): readonly string[] {
  const byRemedy = new Map<string, string[]>();
  for (const { text, remedy } of notes) byRemedy.set(remedy, [...(byRemedy.get(remedy) ?? []), text]);
  return [...byRemedy].flatMap(([remedy, texts]) => {
    const said = joinSubjects(texts);
    const all =
      said.length === 1 || remedy === '' ? said.map((text) => `${text} ${remedy}`) : [...said, remedy];
    return all.flatMap((text) => lineComments(text.trim(), indent));
  });
}
