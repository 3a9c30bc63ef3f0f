import { expect } from 'chai';
import { fetchPackage, makeProject } from '../real/project.js';
import { knexMeta } from '../support/commandLine.js';
import { OFFLINE } from './support.js';

/** Other people's migrations, of which nobody here wrote a line. */
describe('lint of @backstage/plugin-catalog-backend', function () {
  this.timeout(180_000);
  for (const [engine, config] of Object.entries(OFFLINE)) {
    it(`looks at every file, and reads every statement (${engine})`, async () => {
      const project = makeProject(fetchPackage('@backstage/plugin-catalog-backend', '4.0.0'), config);
      const { code, stdout, stderr } = await knexMeta(['lint', '--all', '--json'], project);
      expect(code, stderr).to.equal(3);
      const { migrations, findings } = JSON.parse(stdout);
      expect(migrations).to.have.length(45);
      const codes = new Set(findings.map((finding: { code: string }) => finding.code));
      expect([...codes]).to.include.members(['DROP_COLUMN', 'DROP_TABLE', 'BACKFILL', 'RENAME_TABLE']);
      expect([...codes]).not.to.include('NOT_READ');
      const unfollowed = findings.filter((finding: { code: string }) => finding.code === 'NOT_FOLLOWED');
      for (const { message } of unfollowed) expect(message).to.match(/asks the database for something/);
      const isPlaced = findings.filter(
        (each: { line?: number; statement?: string }) => each.statement && !each.line,
      );
      expect(isPlaced.map(({ message }: { message: string }) => message)).to.deep.equal([]);
    });
  }
});
