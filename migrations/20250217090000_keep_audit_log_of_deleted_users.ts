import type { Knex } from 'knex';

async function replaceKey(knex: Knex, onDelete: 'SET NULL' | 'NO ACTION'): Promise<void> {
  await knex.schema.alterTable('audit_log', (t) => {
    t.dropForeign('app_user_id');
  });
  await knex.schema.alterTable('audit_log', (t) => {
    t.foreign('app_user_id').references('users.id').onDelete(onDelete);
  });
}

export async function up(knex: Knex): Promise<void> {
  await replaceKey(knex, 'SET NULL');
}

export async function down(knex: Knex): Promise<void> {
  await replaceKey(knex, 'NO ACTION');
}
