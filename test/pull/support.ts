import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { makeProject, type TestProject } from '../reliability/support.js';
import { ROOT } from '../support/commandLine.js';
import type { TestEngine } from '../support/databases.js';

/** A project in which a model file finds this package by its name. */
export async function projectOf(
  engine: TestEngine,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<TestProject> {
  const project = await makeProject(engine, {}, extra);
  const modules = join(project.folder, 'node_modules');
  rmSync(modules);
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(ROOT, join(modules, 'knex-meta'));
  for (const name of ['knex', 'pg', 'better-sqlite3', '@types/node'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  return project;
}

/** Runs a script of many statements. */
export async function load(project: TestProject, sql: string): Promise<void> {
  const db = project.open();
  if (project.database.url.startsWith('sqlite:')) {
    const connection = await db.client.acquireConnection();
    connection.exec(sql);
    await db.client.releaseConnection(connection);
  } else await db.raw(sql.replaceAll('?', '\\?'));
  await project.close();
}

export function fixture(name: string): string {
  return readFileSync(join(ROOT, 'test/fixtures/schemas', name), 'utf8');
}
