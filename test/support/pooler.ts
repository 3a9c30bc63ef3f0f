import { connect, createServer, type Socket } from 'node:net';

/** A pooler in transaction mode: a client has a server connection from its first statement to the end of it. */
export interface Pooler {
  readonly port: number;
  /** How often a client was given another server connection than the time before. */
  readonly switches: () => number;
  readonly close: () => Promise<void>;
}

const READY = 'Z'.charCodeAt(0);

/** Cuts a stream into messages of the protocol: a type, a length, a body. */
function messageReader(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      onMessage(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

function message(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

function startup(user: string, database: string): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, 3, 0, 0]),
    ...['user', user, 'database', database].map(text),
    Buffer.from([0]),
  ]);
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length + 4);
  return Buffer.concat([head, body]);
}

interface Backend {
  readonly socket: Socket;
  readonly id: number;
  client: Client | undefined;
  /** Inside `DISCARD ALL`, or not yet greeted. */
  isBusy: boolean;
}

interface Client {
  readonly socket: Socket;
  backend: Backend | undefined;
  last: number | undefined;
  waiting: Buffer[];
  isGone: boolean;
}

/**
 * Starts a pooler of `size` server connections before a server. As such poolers do, it forgets all state of a session
 * (settings, session locks, prepared statements, temporary tables) between two transactions of a client. With
 * `keepsState` it leaves them on the server connection for the next client, as PgBouncer does.
 */
export async function startPooler(
  target: number,
  database: string,
  size: number,
  { keepsState = false } = {},
): Promise<Pooler> {
  const idle: Backend[] = [];
  const queue: Client[] = [];
  const sockets = new Set<Socket>();
  let switches = 0;
  let made = 0;

  const give = (backend: Backend): void => {
    const client = queue.shift();
    if (client === undefined) idle.push(backend);
    else attach(client, backend);
  };
  const attach = (client: Client, backend: Backend): void => {
    if (client.isGone) {
      give(backend);
      return;
    }
    if (client.last !== undefined && client.last !== backend.id) switches += 1;
    client.last = backend.id;
    client.backend = backend;
    backend.client = client;
    for (const each of client.waiting.splice(0)) backend.socket.write(each);
  };
  const drop = (backend: Backend): void => {
    backend.socket.destroy();
    sockets.delete(backend.socket);
    made -= 1;
    if (queue.length > 0) open();
  };
  const open = (): void => {
    made += 1;
    const backend: Backend = {
      socket: connect(target, '127.0.0.1'),
      id: Math.random(),
      client: undefined,
      isBusy: true,
    };
    sockets.add(backend.socket);
    backend.socket.setNoDelay(true);
    backend.socket.on('error', () => {});
    backend.socket.on('close', () => backend.client?.socket.destroy());
    backend.socket.write(startup('postgres', database));
    backend.socket.on(
      'data',
      messageReader((each) => {
        const isIdle = each[0] === READY && each[5] === 'I'.charCodeAt(0);
        if (backend.isBusy) {
          if (each[0] !== READY) return;
          backend.isBusy = false;
          give(backend);
          return;
        }
        backend.client?.socket.write(each);
        if (!isIdle) return;
        if (backend.client !== undefined) backend.client.backend = undefined;
        backend.client = undefined;
        if (keepsState) {
          give(backend);
          return;
        }
        backend.isBusy = true;
        backend.socket.write(message('Q', text('discard all')));
      }),
    );
  };
  const send = (client: Client, each: Buffer): void => {
    if (client.backend !== undefined) {
      client.backend.socket.write(each);
      return;
    }
    client.waiting.push(each);
    if (client.waiting.length > 1 || queue.includes(client)) return;
    const free = idle.shift();
    if (free !== undefined) {
      attach(client, free);
      return;
    }
    queue.push(client);
    if (made < size) open();
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const client: Client = { socket, backend: undefined, last: undefined, waiting: [], isGone: false };
    socket.on('error', () => {});
    socket.on('close', () => {
      client.isGone = true;
      // A client that goes in the middle of a transaction takes its server connection along.
      if (client.backend !== undefined) drop(client.backend);
    });
    const read = messageReader((each) => {
      if (each[0] === 'X'.charCodeAt(0)) socket.end();
      else send(client, each);
    });
    socket.once('data', (first) => {
      // The client's own start: it is let in, and told that it is ready.
      const greeting = [
        message('R', Buffer.from([0, 0, 0, 0])),
        ...Object.entries({
          server_version: '18.0',
          client_encoding: 'UTF8',
          standard_conforming_strings: 'on',
        }).map(([name, value]) => message('S', Buffer.concat([text(name), text(value)]))),
        message('K', Buffer.alloc(8)),
        message('Z', Buffer.from('I')),
      ];
      void first;
      socket.write(Buffer.concat(greeting));
      socket.on('data', read);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    switches: () => switches,
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
