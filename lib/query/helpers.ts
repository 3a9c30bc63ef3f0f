import type { MetadataColumnName } from '../metadata/options.js';
import { type BuilderInternals, columnName, qualifierOf, refuseWider } from './columns.js';

type Helper = (this: BuilderInternals, table?: string) => BuilderInternals;

/** Conditions with an OR between them become one, so that the next is an AND to all of them. */
function keepTogether(builder: BuilderInternals): void {
  const wheres = builder._statements.filter(({ grouping }) => grouping === 'where');
  if (!wheres.slice(1).some(({ bool }) => bool === 'or')) return;
  const others = builder._statements.filter(({ grouping }) => grouping !== 'where');
  builder._statements.splice(0, builder._statements.length, ...others);
  builder.where(function together() {
    this._statements.push(...wheres);
  });
}

function only(
  builder: BuilderInternals,
  method: string,
  key: MetadataColumnName,
  value: boolean,
  table: string | undefined,
): BuilderInternals {
  const name = columnName(builder, key, method);
  const qualifier = table ?? qualifierOf(builder._single.table);
  keepTogether(builder);
  return builder.where(qualifier === undefined ? name : `${qualifier}.${name}`, value);
}

const where = (method: string, key: MetadataColumnName, value: boolean): Helper =>
  function whereMetadata(table) {
    return only(this, method, key, value, table);
  };

/** Rows that have the value already are left alone: their `updated_at` says when they got it. */
const set = (method: string, key: MetadataColumnName, value: boolean): Helper =>
  function setMetadata() {
    const name = columnName(this, key, method);
    refuseWider(this, method);
    // What was said after it counts too.
    this.on('start', () => refuseWider(this, method));
    return only(this, method, key, !value, undefined).update({ [name]: value });
  };

/** The methods that `installQueryHelpers` gives Knex's query builder. */
export const helpers: Readonly<Record<string, Helper>> = {
  active: where('active', 'is_active', true),
  inactive: where('inactive', 'is_active', false),
  flagged: where('flagged', 'is_flagged', true),
  softDelete: set('softDelete', 'is_active', false),
  restore: set('restore', 'is_active', true),
  flag: set('flag', 'is_flagged', true),
  unflag: set('unflag', 'is_flagged', false),
};
