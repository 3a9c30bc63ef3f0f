import type { Choices } from './choices.js';

const LONG = 'a_name_of_sixty_three_bytes_which_is_as_long_as_it_can_be_there';

/** Names that need care, no two of which are the same to either engine. */
const ODD = [
  'Order',
  'group',
  'Mixed Case',
  'quo"te',
  "apo'strophe",
  'ünïcode_ß',
  'user',
  'tick`s',
  'dollar$1',
  '$\u007bx}',
  'back\\slash',
  'dot.ted',
  '1st',
  'semi;colon',
  '--dash',
  LONG,
];

/**
 * What comes under the name of what goes is, to everybody who was not told, the same thing changed: no such pair is
 * drawn.
 */
export function distinct(
  [had, has]: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>],
  presenceOf: (slot: string) => readonly [boolean, boolean],
): readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>] {
  const going = [...had].filter(([slot]) => presenceOf(slot).join() === 'true,false').map(([, name]) => name);
  const isComing = (slot: string) => presenceOf(slot).join() === 'false,true';
  return [
    had,
    new Map(
      [...has].map(([slot, name]) => [slot, isComing(slot) && going.includes(name) ? `${slot}_came` : name]),
    ),
  ];
}

/** The names of slots on both sides: kept, changed, exchanged with each other's, or those of what goes. */
export function namesOf(
  choices: Choices,
  key: string,
  slots: readonly string[],
): readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>] {
  const start = choices.pick(`${key} odd`, ODD.length);
  const isOdd = (slot: string) => choices.chance(`${key} ${slot} odd`, 25);
  const odd = (at: number) => ODD[(start + at) % ODD.length] as string;
  const before = new Map(slots.map((slot, at) => [slot, isOdd(slot) ? odd(at) : slot]));
  const after = new Map(before);
  slots.forEach((slot, at) => {
    const renamed = `${key} ${slot} renamed`;
    if (!choices.chance(renamed, 15) || !choices.differs(renamed)) return;
    const other = slots[choices.pick(`${key} ${slot} with`, slots.length)] as string;
    if (other === slot || other === slots[0]) {
      after.set(slot, choices.chance(`${key} ${slot} to odd`, 30) ? `${odd(at)}2`.slice(-60) : `${slot}_new`);
      return;
    }
    const [mine, others] = [after.get(slot) as string, after.get(other) as string];
    after.set(slot, others);
    after.set(other, mine);
  });
  return [before, after];
}
