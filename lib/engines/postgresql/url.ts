import { settingsOfUrl } from '../../config/connections.js';
import type { ConnectionProblem, ConnectionSettings } from '../connection.js';

const EXAMPLE = 'postgres://user:password@host:5432/database';
const ENCODE =
  'In a user name or password write / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % as %25.';

const refused = (message: string, remedy = `It is of the form ${EXAMPLE}. ${ENCODE}`): ConnectionProblem => ({
  message,
  remedy,
});

/** A text with its percent escapes read; those that are none stay. Undefined where they are no UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return undefined;
  }
}

const isParameter = (text: string): boolean => /^[\w.-]+=/.test(text) && !/@[^&]*\//.test(text);

/** Of `user:password@` as it was written. */
function passwordIn(text: string): string | undefined {
  const [, password] = /^[^/]*\/\/[^:@/]*:([^/?#]*)@/.exec(text) ?? [];
  return password;
}

/**
 * Why a connection string is not what its author means: Knex and the driver would then take a part of it for something
 * else, or go to the server of the PG* variables or to this machine. No part of the text is in the message.
 */
function problemOf(text: string): ConnectionProblem | undefined {
  if (/[\t\r\n]/.test(text)) return refused('has a line end or tab in it.');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    const isPort = /^[\w+.-]+:\/\/[^/?#]*:\d{5,}(?:[/?#]|$)/.test(text);
    return isPort
      ? refused('has a port that is no number from 1 to 65535.')
      : refused('cannot be read as a URL.');
  }
  const parameters = url.search.slice(1).split('&').filter(Boolean);
  const path = decoded(url.pathname);
  if (url.hash !== '' || url.pathname.includes('@') || !parameters.every(isParameter))
    return refused('has a character in its user name or password that ends them.');
  const names = [url.username, url.password].map(decoded);
  if (path === undefined || names.includes(undefined))
    return refused('has a percent sign that begins no character.');
  if (!/^postgres(ql)?:$/i.test(url.protocol)) {
    return url.hostname === '' ? refused('names no host.') : undefined;
  }
  const { host, port, password, database } = settingsOfUrl('pg', text);
  const written = passwordIn(text);
  if (written !== undefined && decoded(written) !== password)
    return refused('has a percent sign that begins no character.');
  if (!host)
    return refused('names no host.', `Name it: ${EXAMPLE}, or ?host=/folder for a socket on this machine.`);
  if (port && !(Number(port) >= 1 && Number(port) <= 65535))
    return refused('has a port that is no number from 1 to 65535.');
  if (!database && process.env.PGDATABASE)
    return refused('names no database, and PGDATABASE would choose one.', `Name it: ${EXAMPLE}`);
  return undefined;
}

/** See `Engine.connectionProblem`. */
export function connectionProblem({ connection }: ConnectionSettings): ConnectionProblem | undefined {
  if (typeof connection === 'string') return connection === '' ? undefined : problemOf(connection.trim());
  const { connectionString } = (connection ?? {}) as { readonly connectionString?: unknown };
  if (typeof connectionString !== 'string') return undefined;
  // The driver reads these two forms for a socket, where Knex reads the text itself and does not.
  return /^\/|^socket:/.test(connectionString) ? undefined : problemOf(connectionString.trim());
}
