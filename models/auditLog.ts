import { defineModel } from 'knex-meta';

export const auditLog = defineModel('audit_log', (t) => {
  t.increments('id');
  // What was done stays known when the user goes.
  t.integer('app_user_id').references('users.id').onDelete('SET NULL').index();
  t.string('action', 80).notNullable();
  t.text('details');
});
