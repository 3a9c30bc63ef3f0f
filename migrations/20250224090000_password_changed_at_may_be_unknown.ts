import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (t) => {
    t.setNullable('password_changed_at');
  });
}

export async function down(knex: Knex): Promise<void> {
  // Rows that do not know get the instant of the migration: NOT NULL takes no less.
  await knex('users').whereNull('password_changed_at').update({ password_changed_at: knex.fn.now() });
  await knex.schema.alterTable('users', (t) => {
    t.dropNullable('password_changed_at');
  });
}
