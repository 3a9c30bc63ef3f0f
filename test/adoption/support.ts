import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { install, knexMeta } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

export const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

/** The document of a command, as far as the tests read it. */
interface Report {
  readonly inSteps?: boolean;
  readonly warnings?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly findings?: readonly {
    readonly code: string;
    readonly table: string;
    readonly remedy: string;
    readonly mend?: readonly string[];
  }[];
  readonly notes?: readonly string[];
  readonly path?: string;
  readonly compared?: string;
  readonly verified?: readonly string[];
  readonly migrations?: readonly unknown[];
  readonly tables?: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly trigger: boolean;
    readonly remarks: readonly string[];
  }[];
  readonly refused?: readonly { readonly name: string; readonly reasons: readonly string[] }[];
}

/** A project that has knex-meta installed: its migrations import it. */
export interface Adopted {
  readonly folder: string;
  /** Runs a command with --json; the document, when the exit code is the expected one. */
  readonly run: (args: readonly string[], code?: number) => Promise<Report>;
  /** The newest migration's text. */
  readonly newest: () => string;
}

export function makeProject(config: Knex.Config & { readonly meta?: object }, esm = true): Adopted {
  const folder = temporaryFolder();
  install(folder);
  writeFileSync(join(folder, 'package.json'), esm ? '{"type":"module"}\n' : '{}\n');
  const start = esm ? 'export default' : 'module.exports =';
  writeFileSync(join(folder, 'knexfile.js'), `${start} ${JSON.stringify(config)};\n`);
  const files = () => readdirSync(join(folder, 'migrations')).sort();
  return {
    folder,
    run: async (args, code = 0) => {
      const ran = await knexMeta([...args, '--json'], folder);
      expect(ran.code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`).to.equal(code);
      return JSON.parse(ran.stdout);
    },
    newest: () => readFileSync(join(folder, 'migrations', files().at(-1) ?? ''), 'utf8'),
  };
}
