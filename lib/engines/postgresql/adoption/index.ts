import type { AdoptionEngine } from '../../adoption.js';
import { adopt } from './adopt.js';
import { lacksZone, sourceProblem } from './instants.js';
import { losses, release } from './release.js';
import { adopted } from './state.js';
import { survey } from './survey.js';

export const adoption: AdoptionEngine = {
  stepsAbove: 5000,
  survey,
  sourceProblem,
  lacksZone,
  adopt,
  release,
  adopted,
  losses,
};
