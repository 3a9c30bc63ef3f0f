import type { Knex } from 'knex';
import type { TemplateCopy, TemplateRequest } from '../template.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { readRows } from './introspect/rows.js';
import { makeDatabase, openAdmin } from './throwaway.js';

const familyOf = ({ project, state }: TemplateRequest): string => `knex_meta_template_${project}_${state}_`;
const nameOf = (request: TemplateRequest): string => `${familyOf(request)}${request.key}`;
/** The comment that proves a template ours: all of a project have the same. */
const markOf = ({ project }: TemplateRequest): string => `knex-meta: a template for the tests of ${project}`;

/** Whoever makes or removes templates holds it alone; whoever copies one holds it with the others. */
const LOCK = `pg_catalog.hashtextextended('knex-meta templates', 0)`;

/** Does something while nobody makes or removes templates, or while nobody else does anything with them. */
async function locked<T>(admin: Knex, kind: 'shared' | 'alone', act: (trx: Knex) => Promise<T>): Promise<T> {
  return admin.transaction(async (trx) => {
    await trx.raw(`select pg_catalog.pg_advisory_xact_lock${kind === 'shared' ? '_shared' : ''}(${LOCK})`);
    return act(trx);
  });
}

async function isThere(admin: Knex, request: TemplateRequest): Promise<boolean> {
  const rows = await readRows(
    admin,
    `select 1 as one from pg_catalog.pg_database where datname = ${quoteText(nameOf(request))}`,
  );
  return rows.length > 0;
}

/** Removes what this project's tests had before, and what a killed process has begun. */
async function removeOlder(admin: Knex, request: TemplateRequest): Promise<void> {
  const older = await readRows<{ readonly name: string }>(
    admin,
    `select d.datname as name from pg_catalog.pg_database d
      where pg_catalog.shobj_description(d.oid, 'pg_database') = ${quoteText(markOf(request))}
        and d.datname like 'knex\\_meta\\_%' and not pg_catalog.starts_with(d.datname, ${quoteText(familyOf(request))})
        and pg_catalog.pg_has_role(d.datdba, 'member')`,
  );
  for (const { name } of older) {
    await admin.raw(withoutBindings(`drop database if exists ${quoteName(name)}`)).catch(() => {});
  }
}

/** Fills an empty database, which then gets the template's name: a template is whole or not there. */
async function make(request: TemplateRequest): Promise<void> {
  const made = await makeDatabase(request);
  try {
    const db = request.open(made.config);
    try {
      await request.fill(db);
    } finally {
      await db.destroy();
    }
    await removeOlder(made.admin, request);
    await made.keepAs(nameOf(request), markOf(request));
  } finally {
    await made.end();
  }
}

/** See `Engine.fromTemplate`: CREATE DATABASE makes the copies. */
export async function fromTemplate(request: TemplateRequest): Promise<TemplateCopy> {
  const { config, server, open } = request;
  const locker = await openAdmin(config, server);
  try {
    for (;;) {
      const copy = await locked(locker, 'shared', async (trx) =>
        (await isThere(trx, request)) ? makeDatabase(request, nameOf(request)) : undefined,
      );
      if (copy !== undefined) {
        const db = open(copy.config);
        return {
          db,
          end: async () => {
            await db.destroy();
            await copy.end();
          },
        };
      }
      await locked(locker, 'alone', async (trx) => {
        if (!(await isThere(trx, request))) await make(request);
      });
    }
  } finally {
    await locker.destroy();
  }
}
