/** Writes docs/commands.md from the commands themselves. */
import { writeFileSync } from 'node:fs';
import { commandsDocument } from './commandsDocument.js';

writeFileSync(new URL('../docs/commands.md', import.meta.url), commandsDocument());
