/** One row for each request. */
export async function up(knex) {
  await knex.schema.createTable('visits', (t) => {
    t.increments('id');
    t.string('path').notNullable();
  });
}

export async function down(knex) {
  await knex.schema.dropTable('visits');
}
