/**
 * The README's first command: migrates the worked example on the embedded database, prints what was applied, and
 * shows a row whose updated_at moves.
 */
import { rmSync } from 'node:fs';
import knex from 'knex';
import { createMigrator, withMeta } from '../lib/index.js';

const filename = './example.sqlite3';
rmSync(filename, { force: true });
const db = knex(withMeta({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true }));

const { migrations } = await createMigrator(db).latest();
console.log(`Applied ${migrations.length} migrations to ${filename}:`);
for (const { name, duration } of migrations) console.log(`  ${name}  ${duration} ms`);

await db('users').insert({ email: 'ada@example.com', username: 'ada', hashed_password: 'x' });
const columns = ['id', 'email', 'is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'] as const;
console.log('\nA row of users, with the columns that no migration declares:');
console.log(await db('users').first(...columns));

await new Promise((resolve) => setTimeout(resolve, 1000));
await db('users').update({ email: 'ada.lovelace@example.com' });
console.log('\nThe same row after an UPDATE that does not mention updated_at:');
console.log(await db('users').first(...columns));
await db.destroy();
