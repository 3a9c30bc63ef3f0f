import { createServer } from 'node:http';
import knex from 'knex';
import config from './knexfile.js';

const db = knex(config);

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/health') await db.raw('select 1');
    else await db('visits').insert({ path: request.url });
    response.writeHead(200).end('ok\n');
  } catch {
    response.writeHead(503).end('no database\n');
  }
});

server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on ${server.address().port}`);
});

// What is under way is answered; then the process ends by itself.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => db.destroy());
    server.closeIdleConnections();
  });
}
