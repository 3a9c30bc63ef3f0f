import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { TemplateCopy, TemplateRequest } from '../template.js';
import { inMemory } from './throwaway.js';

interface Connection {
  /** better-sqlite3's. */
  serialize?(): Buffer;
}

interface Client {
  driver: new (file: unknown, options?: object) => unknown;
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

const clientOf = (db: Knex): Client => db.client as Client;
const images = new Map<string, Buffer>();

/** The folder of templates, which nobody else may write to; undefined where it is somebody else's, or none can be. */
function ownFolder(): string | undefined {
  const user = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `knex-meta-templates-${user}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    return process.getuid === undefined || (uid === user && (mode & 0o022) === 0) ? folder : undefined;
  } catch {
    return undefined;
  }
}

const familyOf = ({ project, state }: TemplateRequest): string => `${project}-${state}-`;
const nameOf = (request: TemplateRequest): string => `${familyOf(request)}${request.key}`;

/** Keeps an image for other processes, whole or not at all, and removes the project's older ones. */
function keep(folder: string, request: TemplateRequest, image: Buffer): void {
  const name = nameOf(request);
  const begun = join(folder, `${name}.${process.pid}`);
  try {
    writeFileSync(begun, image, { mode: 0o600 });
    renameSync(begun, join(folder, name));
  } catch {
    // A full disk: each process makes its own then.
    rmSync(begun, { force: true });
  }
  const old = readdirSync(folder).filter(
    (file) => file.startsWith(`${request.project}-`) && !file.startsWith(familyOf(request)),
  );
  for (const file of old) rmSync(join(folder, file), { force: true });
}

function read(path: string | undefined): Buffer | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path);
  } catch {
    return undefined;
  }
}

/** What a database is, as bytes; undefined for a driver that does not give them. */
async function imageOf(db: Knex): Promise<Buffer | undefined> {
  const client = clientOf(db);
  const connection = await client.acquireConnection();
  try {
    return connection.serialize?.();
  } finally {
    await client.releaseConnection(connection);
  }
}

/** Fills an empty database. */
async function fillNew({ config, open, fill }: TemplateRequest): Promise<Knex> {
  const db = open(inMemory(config));
  try {
    await fill(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** See `Engine.fromTemplate`: bytes in memory, which a file keeps for other processes. */
export async function fromTemplate(request: TemplateRequest): Promise<TemplateCopy> {
  const { key, config, open } = request;
  const folder = ownFolder();
  const image = images.get(key) ?? read(folder && join(folder, nameOf(request)));
  if (image === undefined) {
    const filled = await fillNew(request);
    const made = await imageOf(filled);
    if (made !== undefined) {
      images.set(key, made);
      if (folder !== undefined) keep(folder, request, made);
    }
    return { db: filled, end: () => filled.destroy() };
  }
  images.set(key, image);
  const db = open(inMemory(config));
  const client = clientOf(db);
  const { driver: Driver } = client;
  // Knex takes a file's name only; the driver takes bytes in its place.
  client.driver = class {
    constructor(_file: unknown, options?: object) {
      // biome-ignore lint/correctness/noConstructorReturn: the driver's own object
      return new Driver(image, options) as object;
    }
  };
  return { db, end: () => db.destroy() };
}
