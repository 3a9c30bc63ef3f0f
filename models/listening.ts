import { defineModel } from 'knex-meta';

export const playlists = defineModel('playlists', (t) => {
  t.increments('id');
  t.integer('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
  t.string('title', 120).notNullable();
});

export const userDevices = defineModel('user_devices', (t) => {
  t.increments('id');
  t.integer('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
  t.string('device_name', 120).notNullable();
  t.string('platform', 40);
});

export const playbackHistory = defineModel('playback_history', (t, knex) => {
  t.increments('id');
  t.integer('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
  t.string('track', 255).notNullable();
  t.timestamp('played_at').notNullable().defaultTo(knex.fn.now());
});
