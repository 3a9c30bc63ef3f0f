import { isMetadataName } from '../../metadata/options.js';
import type { ExpectedColumn, WantedMetadata } from '../checks.js';
import { columnDefault, columnTypeIn } from './metadata.js';

/** The metadata columns as the engine's catalog writes them. */
export function expectedColumns(wanted: WantedMetadata, isStrict: boolean): readonly ExpectedColumn[] {
  return wanted.columns
    .filter(({ key }) => isMetadataName(key))
    .map(({ key, name }) => {
      const defaultTo = columnDefault(key, wanted.clock);
      const type = columnTypeIn(isStrict, key, wanted.clock);
      return { key, name, type, nullable: defaultTo === undefined, defaultTo };
    });
}
