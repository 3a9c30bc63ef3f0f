import { classOf } from './rows.js';

/** Class, oid, kind, namespace, name, relation, subject, quoted name, detail, way back. */
export const columns = (
  kind: string,
  {
    catalog,
    oid = 'oid',
    namespace,
    name,
    relation = 'null',
    subject = 'null',
    detail = 'null',
    back = 'null',
  }: {
    readonly catalog: string;
    readonly oid?: string;
    readonly namespace: string;
    readonly name: string;
    readonly relation?: string;
    readonly subject?: string;
    readonly detail?: string;
    readonly back?: string;
  },
) => `select ${classOf(catalog)} as class, ${oid} as oid, ${kind} as kind, ${namespace} as namespace, ${name}::text as name,
    ${relation}::text as relation, ${subject}::text as subject, pg_catalog.quote_ident(${name}) as quoted,
    ${detail}::text as detail, ${back}::text as back`;
