/**
 * The schemas that a configuration's `searchPath` names and that can be created. Knex quotes each name, so a text with
 * commas is one name, which nobody means; `$user` is the server's word for the role.
 */
export function namedSchemas(searchPath: unknown): readonly string[] {
  const names = [searchPath ?? []].flat().map(String);
  const isList = typeof searchPath === 'string' && searchPath.includes(',');
  return isList ? [] : names.filter((name) => name !== '' && !/^"?\$user"?$/.test(name));
}
