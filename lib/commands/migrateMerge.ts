import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KnexMetaError } from '../errors.js';
import { describeHeads, type Head } from '../migrator/heads.js';
import type { KnownEntry } from '../migrator/history.js';
import { isEsmText, revisesLine, withRevises } from '../migrator/revises.js';
import type { Found } from '../migrator/situation.js';
import { findRevision } from '../migrator/target.js';
import type { Command } from './command.js';
import { readFiles } from './migrateHistory.js';
import { newMigration } from './migrateMake.js';
import { EXTENSION_FLAG, fileNameOf } from './newFile.js';
import { notWritten, replaceFile } from './stagedFile.js';

const slugOf = ({ revision }: Head): string => revision.replace(/^\d+[_-]/, '');

/** The file with which a head's branch leaves the others. */
function rootOf(found: Found, head: Head): KnownEntry {
  const own = new Set(head.branch);
  const root = found.history.revisions.find(({ name }) => own.has(name));
  if (root === undefined) throw new KnexMetaError('UNEXPECTED', `${head.name} has no branch of its own.`);
  return root;
}

/** Puts a branch behind the other head, by what its first file says that it revises. */
function reparent(
  found: Found,
  heads: readonly Head[],
  wanted: string,
): { readonly path: string; readonly parent: string } {
  const moved = findRevision(
    wanted,
    heads.map((head) => ({ ...head, revises: undefined })),
  );
  const [other, third] = heads.filter(({ revision }) => revision !== moved.revision);
  if (other === undefined || third !== undefined) {
    throw new KnexMetaError(
      'USAGE',
      `A branch can be put behind another when there are two heads: there are ${heads.length}.`,
      {
        remedy: 'Without --reparent one merge joins them all. Nothing was written.',
      },
    );
  }
  const root = rootOf(found, moved);
  const path = resolve(root.path ?? root.name);
  const old = readFileSync(path, 'utf8');
  const text = withRevises(old, [other.revision]);
  if (text === undefined) {
    throw new KnexMetaError('USAGE', `${root.path} does not say in one plain line what it revises.`, {
      remedy: `Write \`${revisesLine(isEsmText(old), [other.revision])}\` into it. Nothing was written.`,
    });
  }
  try {
    replaceFile(path, text);
  } catch (error) {
    throw notWritten(root.path ?? root.name, error);
  }
  return { path: root.path ?? root.name, parent: other.revision };
}

export const migrateMerge: Command = {
  command: 'migrate:merge [name]',
  describe: 'Join several heads: write a migration that revises them all, or put one branch behind the other',
  flags: {
    reparent: {
      type: 'string',
      describe: 'the head whose branch is to come after the other one; no file is made',
    },
    x: EXTENSION_FLAG,
  },
  examples: [
    ['knex-meta migrate:merge', 'write a merge of the heads'],
    ['knex-meta migrate:merge --reparent 20240105_add_phone', 'apply that branch after the other one'],
  ],
  run: async (context) => {
    const { output, args } = context;
    const found = await readFiles(context);
    const { heads, conflicts } = await describeHeads(found);
    if (heads.length < 2) {
      output.line(output.style('cyan', 'There is one head: nothing to merge'));
      return { data: { ok: true, heads: heads.map(({ name }) => name) } };
    }
    for (const { table, heads: touching } of conflicts) {
      output.warn(`${table} is touched by ${touching.join(' and ')}: look at both before you apply them`);
    }
    if (args.reparent !== undefined) {
      const { path, parent } = reparent(found, heads, String(args.reparent));
      output.line(output.style('green', `${path} now revises ${parent}`));
      return { data: { ok: true, path: resolve(path), revises: [parent], conflicts } };
    }
    const name =
      args.name === undefined ? `merge_${heads.map(slugOf).join('_')}` : fileNameOf(String(args.name));
    const revises = heads.map(({ revision }) => revision);
    const { path, file } = await newMigration(context, name.slice(0, 100), revises);
    output.line(output.style('green', `Created Migration: ${path}`));
    return { data: { ok: true, path: resolve(path), file, revises, conflicts } };
  },
};
