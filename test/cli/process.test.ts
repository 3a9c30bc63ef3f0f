import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { knexMeta, type Ran, ROOT, stockKnex } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';

const SQLITE = "client: 'better-sqlite3', connection: { filename: './dev.sqlite3' }, useNullAsDefault: true";
const PLAIN = { 'knexfile.js': `module.exports = { ${SQLITE} };` };
const create = (table: string) =>
  `exports.up = (k) => k.schema.createTable('${table}', (t) => { t.increments(); });\nexports.down = (k) => k.schema.dropTable('${table}');\n`;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  // Stock Knex looks for knex from the project's folder.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Fails when the command does not end by itself. */
async function endsWithin(seconds: number, ran: Promise<Ran>): Promise<Ran> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, failed) => {
    timer = setTimeout(() => failed(new Error(`it did not end within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([ran, late]);
  } finally {
    clearTimeout(timer);
  }
}

describe('the process', function () {
  this.timeout(60_000);

  it('ends although a migration leaves a timer and a pool of its own behind', async () => {
    const { url } = await freshPostgres();
    const folder = folderWith({
      ...PLAIN,
      'migrations/1_a.js': `setTimeout(() => {}, 40_000);\nconst db = require(${JSON.stringify(
        join(ROOT, 'node_modules/knex'),
      )})({ client: 'pg', connection: '${url}', pool: { min: 2 } });\nconst own = {};\nexports.up = async (k) => { await db.raw('select 1'); };\nexports.down = async () => {};\n`,
    });
    const ran = await endsWithin(15, knexMeta(['migrate:latest'], folder));
    expect([ran.code, ran.stdout]).to.satisfy(
      ([code, out]: [number, string]) => code === 0 && /Batch 1 run: 1/.test(out),
    );
  });

  it('ends when a server takes the connection and says nothing', async () => {
    const server: Server = createServer(() => {});
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const folder = folderWith({
      'knexfile.js': `module.exports = { client: 'pg', connection: 'postgres://u:pa55-w0rd@127.0.0.1:${port}/x', acquireConnectionTimeout: 700 };`,
      'migrations/1_a.js': create('a'),
    });
    try {
      const ran = await endsWithin(20, knexMeta(['migrate:latest'], folder));
      expect(ran.code).to.equal(1);
      expect(ran.stderr).to.match(/^Error CONNECTION_FAILED: .*no answer in time/);
      expect(ran.stderr).to.not.include('pool is probably full');
    } finally {
      server.close();
    }
  });

  it('--json: nothing that a project prints, by whatever way, is in the document', async () => {
    const noise = "console.table([{ a: 1 }]); console.dir({ b: 2 }); process.stdout.write('spoilt');\n";
    const folder = folderWith({
      'knexfile.js': `${noise}module.exports = { ${SQLITE} };`,
      'migrations/1_a.js': `${noise}${create('a')}`,
      'seeds/1.js': `${noise}exports.seed = async () => { ${noise} };`,
    });
    for (const args of [['migrate:latest'], ['migrate:list'], ['seed:run'], ['migrate:rollback']]) {
      const ran = await knexMeta([...args, '--json'], folder);
      expect(JSON.parse(ran.stdout), args[0]).to.have.property('ok', true);
      expect(ran.stderr, 'it is told beside').to.include('spoilt');
    }
  });

  it('a password that is a common word spoils neither names nor the document', async () => {
    for (const password of ['true', 'name', 'a', 'create', '20']) {
      const folder = folderWith({
        'knexfile.js': `module.exports = { client: 'better-sqlite3', connection: { filename: './dev.sqlite3', password: '${password}' }, useNullAsDefault: true };`,
        'migrations/20_create_true_name.js': create('a'),
      });
      const document = JSON.parse((await knexMeta(['migrate:latest', '--json'], folder)).stdout);
      expect(document.ok).to.equal(true);
      expect(document.migrations[0].name).to.equal('20_create_true_name.js');
      expect((await knexMeta(['migrate:list'], folder)).stdout).to.include('20_create_true_name.js');
    }
  });

  it('a password in the line of a knexfile that does not parse is not shown, not even with --verbose', async () => {
    const folder = folderWith({
      'knexfile.js':
        "module.exports = { client: 'pg', connection: { user: 'u', password: 'hunter22' }, };; } )",
    });
    const ran = await knexMeta(['migrate:latest', '--verbose'], folder);
    expect(ran.stderr).to.match(/CONFIG_LOAD_FAILED/);
    expect(ran.stderr).to.not.include('hunter22');
  });

  it('a driver whose binary part is another Node’s is told in words', async () => {
    const folder = folderWith({
      ...PLAIN,
      'migrations/1_a.js': create('a'),
      'other-node.cjs':
        "const own = process.dlopen;\nprocess.dlopen = function (module, file, ...rest) {\n  if (!/better_sqlite3\\.node$/.test(file)) return own.call(this, module, file, ...rest);\n  throw Object.assign(new Error('was compiled against a different Node.js version using NODE_MODULE_VERSION 999'), { code: 'ERR_DLOPEN_FAILED' });\n};\n",
    });
    const ran = await knexMeta(['migrate:latest'], folder, {
      NODE_OPTIONS: `--require ${join(folder, 'other-node.cjs')}`,
    });
    expect([ran.code, ran.stderr]).to.deep.equal([
      1,
      `Error DRIVER_BROKEN: The driver \`better-sqlite3\` has no binary part for this Node (${process.version}).\nnpm rebuild better-sqlite3\n`,
    ]);
  });

  it('a file that is no database is told as that', async () => {
    const folder = folderWith({
      ...PLAIN,
      'migrations/1_a.js': create('a'),
      'dev.sqlite3': 'words '.repeat(2000),
    });
    for (const command of ['migrate:latest', 'migrate:list']) {
      const ran = await knexMeta([command], folder);
      expect([ran.code, ran.stderr]).to.satisfy(
        ([code, text]: [number, string]) => code === 1 && /CONNECTION_FAILED.*not a database/.test(text),
      );
    }
    expect(readFileSync(join(folder, 'dev.sqlite3'), 'utf8')).to.equal('words '.repeat(2000));
  });

  it('messages do not depend on the language of the machine', async () => {
    const folder = folderWith({});
    const german = { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8', LANGUAGE: 'de' };
    for (const args of [['migrate:lates'], ['migrate:to'], ['--help']]) {
      const [here, there] = [
        await knexMeta(args, folder, { LC_ALL: 'C' }),
        await knexMeta(args, folder, german),
      ];
      expect([there.code, there.stdout, there.stderr]).to.deep.equal([here.code, here.stdout, here.stderr]);
    }
  });

  it('a --cwd that is not there is told by every command', async () => {
    for (const command of ['init', 'migrate:latest']) {
      const ran = await knexMeta([command, '--cwd', '/no/such/folder'], folderWith({}));
      expect([ran.code, /Error USAGE: .*\/no\/such\/folder/.test(ran.stderr)]).to.deep.equal([2, true]);
    }
  });
});

describe('as stock Knex does', function () {
  this.timeout(60_000);

  it('migrate:list fails when the file of an applied migration is gone, and shows the list', async () => {
    const folder = folderWith({
      ...PLAIN,
      'migrations/1_a.js': create('a'),
      'migrations/2_b.js': create('b'),
    });
    await knexMeta(['migrate:up'], folder);
    rmSync(join(folder, 'migrations/1_a.js'));
    const [ours, stock] = [
      await knexMeta(['migrate:list'], folder),
      await stockKnex(['migrate:list'], folder),
    ];
    const words = 'The migration directory is corrupt, the following files are missing: 1_a.js';
    expect([ours.code, stock.code]).to.deep.equal([1, 1]);
    expect(ours.stderr).to.include(words);
    expect(stock.stderr).to.include(words);
    expect(ours.stdout).to.match(/1_a\.js\n[\s\S]*2_b\.js\n/);
    const { ok, error } = JSON.parse((await knexMeta(['migrate:list', '--json'], folder)).stdout);
    expect([ok, error.code, error.details.missing, error.details.pending]).to.deep.equal([
      false,
      'MIGRATION_FILES_MISSING',
      ['1_a.js'],
      ['2_b.js'],
    ]);
  });

  it('with disableMigrationsListValidation it is listed and no failure', async () => {
    const folder = folderWith({
      'knexfile.js': `module.exports = { ${SQLITE}, migrations: { disableMigrationsListValidation: true } };`,
      'migrations/1_a.js': create('a'),
    });
    await knexMeta(['migrate:up'], folder);
    rmSync(join(folder, 'migrations/1_a.js'));
    expect((await stockKnex(['migrate:list'], folder)).code).to.equal(0);
    const ran = await knexMeta(['migrate:list'], folder);
    expect([ran.code, /1_a\.js is recorded as applied/.test(ran.stderr)]).to.deep.equal([0, true]);
  });

  it('a pair of files that it ran as two goes on', async () => {
    const nothing = 'exports.up = async () => {}; exports.down = async () => {};';
    const folder = folderWith({ ...PLAIN, 'migrations/1_a.js': nothing, 'migrations/1_a.cjs': nothing });
    expect((await stockKnex(['migrate:latest'], folder)).stdout).to.include('Batch 1 run: 2 migrations');
    expect((await knexMeta(['migrate:latest'], folder)).stdout).to.include('Already up to date');
    expect((await knexMeta(['migrate:rollback'], folder)).stdout).to.include('rolled back: 2 migrations');
  });

  it('a stub with code in it is filled in to the letter', async () => {
    const stub =
      "<% if (d.who) { %>// by <%= d.who.toUpperCase() %>\n<% } %><% d.tables.forEach((t) => { %>drop('<%= t %>');\n<% }) %>`literal` \\n <%= d.nothing %>end\n";
    const folder = folderWith({
      'knexfile.js': `module.exports = { ${SQLITE}, migrations: { stub: './my.stub', variables: { who: 'me', tables: ['a', 'b'] } }, seeds: { stub: './my.stub', variables: { tables: [] } } };`,
      'my.stub': stub,
    });
    const written = (directory: string) => {
      const [file = ''] = readdirSync(join(folder, directory));
      const text = readFileSync(join(folder, directory, file), 'utf8');
      rmSync(join(folder, directory), { recursive: true });
      return text;
    };
    for (const [command, directory] of [
      ['migrate:make', 'migrations'],
      ['seed:make', 'seeds'],
    ] as const) {
      expect((await stockKnex([command, 'x'], folder)).code).to.equal(0);
      const stock = written(directory);
      expect((await knexMeta([command, 'x'], folder)).code).to.equal(0);
      expect(written(directory)).to.equal(stock);
    }
  });

  it('a stub that cannot be filled in writes nothing', async () => {
    const folder = folderWith({
      'knexfile.js': `module.exports = { ${SQLITE}, migrations: { stub: './my.stub' } };`,
      'my.stub': '<%= d.who.name %>',
    });
    const ran = await knexMeta(['migrate:make', 'x'], folder);
    expect([ran.code, /Error USAGE: The stub \.\/my\.stub/.test(ran.stderr)]).to.deep.equal([2, true]);
    expect(readdirSync(folder)).to.not.include('migrations');
  });

  it('a seedSource of the project’s own is asked', async () => {
    const folder = folderWith({
      'knexfile.js': `class Own { async getSeeds() { return ['one']; } getSeed(name) { return { seed: async () => { console.log('seeded ' + name); } }; } }\nmodule.exports = { ${SQLITE}, seeds: { seedSource: new Own() } };`,
    });
    const [ours, stock] = [await knexMeta(['seed:run'], folder), await stockKnex(['seed:run'], folder)];
    expect(ours.stdout).to.equal(stock.stdout);
    expect(ours.stdout).to.equal('seeded one\nRan 1 seed files\n');
  });

  it('no seed is run when one of them cannot be', async () => {
    const folder = folderWith({
      ...PLAIN,
      'seeds/1.js': "exports.seed = async () => { console.log('ran'); };",
      'seeds/2.js': 'exports.sead = async () => {};',
    });
    const [ours, stock] = [await knexMeta(['seed:run'], folder), await stockKnex(['seed:run'], folder)];
    expect([ours.code, ours.stdout, stock.code, stock.stdout]).to.deep.equal([1, '', 1, '']);
    expect(ours.stderr).to.match(/SEED_FAILED: Invalid seed file 2\.js: it must have a seed function/);
  });

  it('a PostgreSQL database that it migrated half goes on, and back, with no complaint from either', async () => {
    const { url } = await freshPostgres();
    const folder = folderWith({
      'knexfile.js': `module.exports = { client: 'pg', connection: '${url}' };`,
      'migrations/1_a.js': create('a'),
      'migrations/2_b.js': create('b'),
      'migrations/3_c.js': create('c'),
    });
    const steps = [
      [stockKnex, ['migrate:up'], /1_a\.js/],
      [knexMeta, ['migrate:latest'], /Batch 2 run: 2 migrations/],
      [stockKnex, ['migrate:list'], /Found 3 Completed[\s\S]*No Pending/],
      [stockKnex, ['migrate:latest'], /Already up to date/],
      [stockKnex, ['migrate:down'], /Batch 2 rolled back[\s\S]*3_c\.js/],
      [knexMeta, ['migrate:rollback'], /Batch 2 rolled back: 1 migrations/],
      [stockKnex, ['migrate:latest'], /Batch 2 run: 2 migrations/],
      [knexMeta, ['migrate:rollback', '--all'], /rolled back: 3 migrations/],
      [stockKnex, ['migrate:currentVersion'], /Current Version: none/],
    ] as const;
    for (const [program, args, says] of steps) {
      const ran = await program(args, folder);
      expect([ran.code, ran.stderr], args.join(' ')).to.deep.equal([0, '']);
      expect(ran.stdout).to.match(says);
    }
  });

  it('a folder that stock Knex changes to is told in its words', async () => {
    const folder = folderWith({
      'conf/knexfile.js': PLAIN['knexfile.js'],
      'conf/migrations/1_a.js': create('a'),
    });
    const args = ['migrate:list', '--knexfile', 'conf/knexfile.js'];
    expect((await knexMeta(args, folder)).stdout.trim()).to.equal(
      (await stockKnex(args, folder)).stdout.trim(),
    );
  });
});
