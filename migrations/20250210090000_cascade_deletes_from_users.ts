import type { Knex } from 'knex';

const TABLES = ['playlists', 'user_devices', 'playback_history'] as const;

/** Makes the key to users again with another rule, and the index on it too. */
async function replaceKey(knex: Knex, table: string, onDelete: 'CASCADE' | 'NO ACTION'): Promise<void> {
  await knex.schema.alterTable(table, (t) => {
    t.dropIndex('user_id');
    t.dropForeign('user_id');
  });
  await knex.schema.alterTable(table, (t) => {
    t.foreign('user_id').references('users.id').onDelete(onDelete);
    t.index('user_id');
  });
}

export async function up(knex: Knex): Promise<void> {
  for (const table of TABLES) await replaceKey(knex, table, 'CASCADE');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) await replaceKey(knex, table, 'NO ACTION');
}
