/** Writes docs/commands.md from the commands themselves, and docs/lint.md from the rules. */
import { writeFileSync } from 'node:fs';
import { commandsDocument } from './commandsDocument.js';
import { lintDocument } from './lintDocument.js';

writeFileSync(new URL('../docs/commands.md', import.meta.url), commandsDocument());
writeFileSync(new URL('../docs/lint.md', import.meta.url), lintDocument());
