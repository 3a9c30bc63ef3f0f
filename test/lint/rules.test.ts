import { expect } from 'chai';
import { allRules } from '../../lib/commands/lintRun.js';
import type { Engine } from '../../lib/engines/contract.js';
import { engineForClient } from '../../lib/engines/registry.js';
import { BASE, type LintCase, POSTGRESQL_CASES, SHARED_CASES, SQLITE_CASES } from './cases.js';
import { lintFiles, migration, OFFLINE } from './support.js';

const ENGINES = [
  ['postgresql', [...SHARED_CASES, ...POSTGRESQL_CASES]],
  ['sqlite', [...SHARED_CASES, ...SQLITE_CASES]],
] as const;

/** Rules that only a database can break: test/lint/command.test.ts, test/lint/joins.test.ts. */
const OF_THE_RECORD = ['FAILS', 'AMBIGUOUS_COLUMN', 'EDITED', 'OUT_OF_ORDER', 'SEVERAL_HEADS'];

for (const [engine, cases] of ENGINES) {
  describe(`rules of lint (${engine})`, () => {
    const codesOf = async ({ code }: LintCase, up: string, isAlone: boolean): Promise<readonly string[]> => {
      const files = { '1_base.cjs': migration(BASE), '2_case.cjs': migration(up, isAlone) };
      const scope = { kind: 'files', files: ['2_case.cjs'] } as const;
      const found = await lintFiles(engine, files, scope, { severity: { [code]: 'error' } });
      return found.map((finding) => finding.code);
    };

    for (const each of cases) {
      it(`${each.code}: ${each.found[0]?.slice(0, 60)}`, async () => {
        for (const up of each.found) {
          const codes = await codesOf(each, up, each.alone === 'found' || each.alone === 'both');
          expect(codes, up).to.include(each.code);
        }
        for (const up of each.safe) {
          const codes = await codesOf(each, up, each.alone === 'safe' || each.alone === 'both');
          expect(codes, up).not.to.include(each.code);
          if (each.code !== 'NOT_FOLLOWED') expect(codes, up).not.to.include('NOT_FOLLOWED');
        }
      });
    }

    it('every part of a rule has a case that misses it', async function () {
      this.timeout(60_000);
      const { lint } = engineForClient(OFFLINE[engine].client) as Engine;
      const all = lint.rules;
      const unmissed: string[] = [];
      try {
        for (const rule of all) {
          const parts = [...Object.keys(rule.on ?? {}), ...(rule.atEnd === undefined ? [] : ['atEnd'])];
          const ups = cases
            .filter(({ code }) => code === rule.code)
            .flatMap((each) => each.found.map((up) => [each, up] as const));
          for (const part of parts) {
            const { atEnd: _end, ...rest } = rule;
            const without = part === 'atEnd' ? rest : { ...rule, on: { ...rule.on, [part]: undefined } };
            Object.assign(lint, { rules: all.map((each) => (each === rule ? without : each)) });
            let isMissed = false;
            for (const [each, up] of ups) {
              isMissed ||= !(
                await codesOf(each, up, each.alone === 'found' || each.alone === 'both')
              ).includes(rule.code);
            }
            if (!isMissed) unmissed.push(`${rule.code} ${part}`);
          }
        }
      } finally {
        Object.assign(lint, { rules: all });
      }
      expect(unmissed).to.deep.equal([]);
    });

    it('has a case for every rule', () => {
      const title = engine === 'sqlite' ? 'SQLite' : 'PostgreSQL';
      const codes = allRules().flatMap(({ rule, engines }) => (engines.includes(title) ? rule.code : []));
      const tested = new Set(cases.map(({ code }) => code));
      expect(codes.filter((code) => !tested.has(code) && !OF_THE_RECORD.includes(code))).to.deep.equal([]);
    });
  });
}
