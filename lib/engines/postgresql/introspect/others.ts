import type { OtherObject } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import { FIRST_USER_OID } from './dependencies.js';
import { UNKNOWN_OPTION, unknownOptions } from './options.js';
import { objects } from './otherObjects.js';
import { settings } from './otherSettings.js';
import { type OtherParts, statementsOf } from './otherTexts.js';
import { classOf, joinExtensionOf, readRows, type Scope } from './rows.js';
import { stable } from './stable.js';

interface OtherRow extends OtherParts {
  readonly id: string;
  readonly schema?: string;
  readonly relation?: string;
  readonly extension?: string;
}

/** What has a comment that neither a model nor another statement says. */
const COMMENTS = `select d.classoid as class, d.objoid as oid, 'comment of ' || i.type as kind, null::oid as namespace, i.identity as name,
    null as relation, null as subject, null as quoted, null as detail, null as back
  from pg_catalog.pg_description d, pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where d.objoid >= ${FIRST_USER_OID} and (
    d.classoid in (${['policy', 'rewrite', 'statistic_ext', 'operator', 'collation', 'cast', 'event_trigger', 'publication'].map((name) => classOf(`pg_${name}`)).join(', ')})
    or d.classoid = ${classOf('pg_constraint')} and exists (select from pg_catalog.pg_constraint k where k.oid = d.objoid and k.contypid <> 0)
    or d.classoid = ${classOf('pg_type')} and exists (select from pg_catalog.pg_type t where t.oid = d.objoid and t.typtype not in ('e', 'd'))
    or d.classoid = ${classOf('pg_class')} and d.objoid in (select c.oid from pg_catalog.pg_class c where c.relkind = 'c'
      union all select k.conindid from pg_catalog.pg_constraint k where k.contype in ('p', 'u', 'x')))`;

/** What has to be there before an object of a kind that others are made of. */
function needsOf(
  kind: string,
  found: readonly Dependency[] | undefined,
  dictionaries: readonly Dependency[],
): readonly Dependency[] | undefined {
  if (kind === 'text search configuration') return dictionaries;
  return kind === 'text search dictionary' ? [] : kind.endsWith(' type') ? found : undefined;
}

/** What the description of the database leaves out, by name. */
export async function readOthers(
  { db, namespaces, version }: Scope,
  reading: Promise<ReadonlyMap<string, readonly Dependency[]>>,
): Promise<readonly OtherObject[]> {
  const found = await readRows<OtherRow>(
    db,
    `select o.oid as id, o.kind, n.nspname as schema, o.name, o.relation, x.extname as extension, o.subject, o.quoted, o.detail, o.back
    from (${[...objects(version), ...settings(version), unknownOptions(namespaces), COMMENTS].join('\n    union all ')}) o
    left join pg_catalog.pg_namespace n on n.oid = o.namespace
    ${joinExtensionOf('o.class', 'o.oid')}
    where o.namespace is null or o.namespace in ${namespaces}
    order by o.kind, n.nspname, o.relation, o.name`,
  );
  const dependencies = await reading;
  // What came with an extension is in a schema, or only there with it.
  const rows = found.filter(({ schema, extension }) => schema !== undefined || extension === undefined);
  const dictionaries = rows
    .filter(({ kind }) => kind === 'text search dictionary')
    .map(({ schema, name }) => ({ kind: 'type' as const, schema, name, identity: undefined }));
  return rows.map(({ id, schema, relation, extension, ...parts }) => {
    const needs = needsOf(parts.kind, dependencies.get(id), dictionaries);
    const { definition, drop } = statementsOf(parts);
    return {
      kind: parts.kind,
      schema,
      name: parts.name,
      table: relation,
      extension,
      definition: definition === undefined ? undefined : stable(definition),
      drop,
      ...(needs === undefined ? {} : { dependsOn: needs }),
      ...(parts.kind === UNKNOWN_OPTION ? { isUnknown: true as const } : {}),
    };
  });
}
