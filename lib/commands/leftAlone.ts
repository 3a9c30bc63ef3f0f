import type { Unmanaged } from '../diff/options.js';
import { apartFrom, nameOf } from '../diff/scope.js';
import { NOT_IN_MODEL } from '../diff/tables.js';
import type { AnyModel } from '../models/definition.js';
import { placeName } from '../models/load.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';

/** Objects of either schema that `include` and `exclude` keep from being compared. */
export function excludedOf(
  schemas: readonly DatabaseSchema[],
  isInside: (object: ObjectName) => boolean,
  manages: (object: ObjectName) => boolean,
): readonly Unmanaged[] {
  const list = (kind: string, objects: readonly ObjectName[]): readonly Unmanaged[] =>
    objects
      .filter((object) => isInside(object) && !manages(object))
      .map((object) => ({
        kind,
        name: nameOf(object),
        reason: '`meta.include` or `meta.exclude` leaves it alone',
      }));
  return schemas
    .flatMap(({ tables, views, functions, enums }) => [
      ...list('table', tables),
      ...list('view', views),
      ...list('function', functions),
      ...list('enum', enums),
    ])
    .filter((each, at, all) => all.findIndex(({ name }) => name === each.name) === at);
}

const unvalidated = (tables: readonly Table[]): readonly (ObjectName & { readonly label: string })[] =>
  tables.flatMap((table) =>
    [...table.foreignKeys, ...table.checks]
      .filter(({ isValid }) => !isValid)
      .map(({ name = '' }) => ({
        schema: table.schema,
        name: table.name,
        label: `${nameOf(table)}.${name}`,
      })),
  );

/** Constraints that hold for what is written, while nobody knows it of the rows from before them, nor the models say so. */
export function uncheckedOf(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  includes: (object: ObjectName) => boolean,
): readonly Unmanaged[] {
  const meant = new Set(unvalidated(apartFrom(desired, actual)).map(({ label }) => label));
  return unvalidated(apartFrom(actual, desired))
    .filter((each) => includes(each) && !meant.has(each.label))
    .map(({ label }) => ({
      kind: 'constraint',
      name: label,
      reason: 'NOT VALID: rows from before it may break it; VALIDATE CONSTRAINT reads them',
    }));
}

/** A definition that its file keeps to itself: a table of its name looks like one without a model. */
export function notCompared({ kind, name, place }: AnyModel): Unmanaged {
  return {
    kind: kind === 'table' ? 'model' : kind,
    name,
    reason: `${place && placeName(place)} does not export it: it is not compared`,
  };
}

/** Of metadata columns that a model leaves out and its table has: where that is written. */
export function withPlaces(
  unmanaged: readonly Unmanaged[],
  models: readonly AnyModel[],
): readonly Unmanaged[] {
  return unmanaged.map((each) => {
    if (!each.reason.endsWith(NOT_IN_MODEL)) return each;
    const model = models.find(
      (one) =>
        one.kind === 'table' &&
        (nameOf(one) === each.name || (one.schema === undefined && each.name.endsWith(`.${one.name}`))),
    );
    const place = model?.place === undefined ? 'the model' : placeName(model.place);
    return { ...each, reason: `${each.reason}: take \`metadata: false\` out of ${place} to keep them` };
  });
}
