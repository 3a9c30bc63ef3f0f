import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('playlists', (t) => {
    t.increments('id');
    t.integer('user_id').notNullable().references('users.id').index();
    t.string('title', 120).notNullable();
  });
  await knex.schema.createTable('user_devices', (t) => {
    t.increments('id');
    t.integer('user_id').notNullable().references('users.id').index();
    t.string('device_name', 120).notNullable();
    t.string('platform', 40);
  });
  await knex.schema.createTable('playback_history', (t) => {
    t.increments('id');
    t.integer('user_id').notNullable().references('users.id').index();
    t.string('track', 255).notNullable();
    t.timestamp('played_at').notNullable().defaultTo(knex.fn.now());
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('playback_history');
  await knex.schema.dropTable('user_devices');
  await knex.schema.dropTable('playlists');
}
