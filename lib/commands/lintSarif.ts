import { dirname, relative, resolve, sep } from 'node:path';
import escalade from 'escalade/sync';
import { versionOfPackage } from '../config/version.js';
import type { LintFinding } from '../lint/report.js';
import { allRules } from './lintRun.js';

/** The folder of the repository, or the working directory where there is none: what paths are relative to. */
function repository(): string {
  const found = escalade(process.cwd(), (_directory, names) => (names.includes('.git') ? '.git' : false));
  return found ? dirname(found) : process.cwd();
}

const uriOf = (path: string, root: string): string =>
  relative(root, resolve(path)).split(sep).map(encodeURIComponent).join('/');

/**
 * Findings as a SARIF 2.1.0 document, as code scanning takes it.
 *
 * @param directory - where a migration is that is known by its name alone
 */
export function sarifOf(findings: readonly LintFinding[], directory: string): string {
  const root = repository();
  const rules = allRules().map(({ rule: { code, severity, harm, finds, reason, remedy } }) => ({
    id: code,
    shortDescription: { text: finds },
    fullDescription: { text: reason },
    help: { text: remedy },
    defaultConfiguration: severity === 'off' ? { enabled: false } : { level: severity },
    properties: { tags: [harm] },
  }));
  const results = findings.map(({ code, severity, file, migration, line, message, remedy, evidence }) => ({
    ruleId: code,
    ruleIndex: rules.findIndex(({ id }) => id === code),
    level: severity,
    message: { text: `${evidence === undefined ? message : `${message} (${evidence})`}\n${remedy}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file ?? resolve(directory, migration), root) },
          // Where a statement has no line the file is what is meant.
          region: { startLine: line ?? 1 },
        },
      },
    ],
  }));
  const driver = { name: 'knex-meta', semanticVersion: versionOfPackage(), rules };
  const document = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
  return JSON.stringify(document, undefined, 2);
}
