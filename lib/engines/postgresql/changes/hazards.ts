import type { HazardFacts } from '../../../operations/hazards/index.js';
import { quoteName, quoteText } from '../identifiers.js';
import { isVolatileText } from '../volatile.js';
import { convert } from './conversion.js';
import { recomputed } from './recomputed.js';
import { isMadeAnew } from './types.js';

export const hazards: HazardFacts = {
  quote: quoteName,
  isConcurrent: true,
  isMadeAnew,
  convert,
  isVolatile: isVolatileText,
  recomputed,
  hasValue: (name, { type }, values) => {
    const list = values.map(quoteText).join(', ');
    return type.endsWith('[]') ? `${name}::text[] && array[${list}]` : `${name}::text in (${list})`;
  },
};
