import { defineModel } from 'knex-meta';

export const users = defineModel('users', (t, knex) => {
  t.increments('id');
  t.string('email', 255).notNullable().unique();
  t.string('username', 80).notNullable().unique();
  t.string('hashed_password', 255).notNullable();
  t.string('full_name', 255);
  t.boolean('is_superuser').notNullable().defaultTo(false);
  // A metadata column that the project declares itself stays as it says here.
  t.boolean('is_active').notNullable().defaultTo(true);
  t.timestamp('password_changed_at').defaultTo(knex.fn.now());
});

export const refreshTokens = defineModel('refresh_tokens', (t) => {
  t.increments('id');
  t.string('token', 255).notNullable().unique();
  t.integer('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
  t.timestamp('expires_at').notNullable();
  t.boolean('revoked').notNullable().defaultTo(false);
});
