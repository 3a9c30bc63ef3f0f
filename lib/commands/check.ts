import type { CheckReport } from '../checks/finding.js';
import { writtenByHand } from '../diff/options.js';
import { METADATA_COLUMNS } from '../diff/tables.js';
import { EXIT, isKnexMetaError } from '../errors.js';
import { runCheckMigration } from './checkMigration.js';
import { type Checked, reportCheck } from './checkReport.js';
import { runCheckVersion } from './checkVersion.js';
import type { Command, Context } from './command.js';
import { compareModels } from './compareModels.js';
import { many } from './modelReport.js';

/** Why the models are not compared; all else that is wrong with them is a finding. */
const SKIPS: Readonly<Record<string, string>> = {
  MODELS_DIRECTORY_MISSING: 'there are no models',
  MODELS_NONE: 'there are no models',
  MIGRATIONS_PENDING: 'migrations are pending, and are applied first',
};

const MAKE = 'npx knex-meta migrate:make models --autogenerate';

interface Skipped {
  readonly skipped: string;
}

async function runCheckModels(context: Context): Promise<Checked | Skipped> {
  const { config } = await context.project();
  try {
    const compared = await compareModels(context, undefined, async (result) => result);
    const { detected, loaded, hazards, unmanaged } = compared;
    // One migration is written for all of them: where it takes values along, a person reads it first.
    const loses = hazards.some(({ kind, count }) => kind === 'data loss' && count !== 0);
    const findings = detected.map((message) => ({
      code: 'MODELS_DIFFER',
      message,
      remedy: loses
        ? 'The models say something else than the database. The migration would take values along, or undo a rename that nobody named: write it, read it, then `npx knex-meta migrate:latest`.'
        : 'The models say something else than the database: write the migration, review it, apply it.',
      mend: loses ? [MAKE] : [MAKE, 'npx knex-meta migrate:latest'],
    }));
    const byHand = writtenByHand(unmanaged).map(({ kind, name, reason }) => ({
      code: 'MODELS_DIFFER',
      message: `${kind} ${name}: ${reason}`,
      remedy: 'Write the migration by hand: `npx knex-meta migrate:make <name>` creates the file.',
    }));
    return {
      report: {
        findings: [...findings, ...byHand],
        notes: unmanaged
          .filter(({ kind }) => kind === METADATA_COLUMNS)
          .map(({ name, reason }) => `${name}: ${reason}`),
      },
      allIsWell: `the database is what ${many(loaded.models.length, 'model')} ${loaded.models.length === 1 ? 'says' : 'say'}`,
      data: {},
    };
  } catch (error) {
    if (!isKnexMetaError(error)) throw error;
    const { code, message, remedy } = error;
    const isAskedFor = config.meta?.models !== undefined && code !== 'MIGRATIONS_PENDING';
    const skipped = isAskedFor ? undefined : SKIPS[code];
    if (skipped !== undefined) return { skipped };
    return { report: { findings: [{ code, message, remedy }], notes: [] }, allIsWell: '', data: {} };
  }
}

export const check: Command = {
  command: 'check',
  describe: 'Run check:migration, check:version and, where there are models, check:models; changes nothing',
  examples: [['knex-meta check --json', 'for CI: one document, exit code 3 when anything is found']],
  run: async (context) => {
    const { output } = context;
    const parts = {
      migration: await runCheckMigration(context),
      version: await runCheckVersion(context),
      models: await runCheckModels(context),
    };
    const data: Record<string, object> = {};
    const reports: CheckReport[] = [];
    for (const [name, part] of Object.entries(parts)) {
      output.line(`check:${name}`);
      if ('skipped' in part) {
        output.line(`${output.style('yellow', '·')} skipped: ${part.skipped}`);
        data[name] = part;
        continue;
      }
      data[name] = reportCheck(context, part).data;
      reports.push(part.report);
    }
    const found = reports.reduce((sum, { findings }) => sum + findings.length, 0);
    return { data: { ok: found === 0, found, ...data }, ...(found === 0 ? {} : { exitCode: EXIT.found }) };
  },
};
