import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KnexMetaError } from '../errors.js';

/** `<%= value %>`, `<% code %>`: Knex's stubs are templates of lodash's kind, with their variables in `d`. */
const TAG = /<%(=|-)?([\s\S]+?)%>/g;

/** The template as the body of a function of `d`. */
function compile(template: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const tag of template.matchAll(TAG)) {
    const [whole, kind, code = ''] = tag;
    parts.push(`out += ${JSON.stringify(template.slice(end, tag.index))};`);
    parts.push(kind === undefined ? code : `out += text(${code});`);
    end = tag.index + whole.length;
  }
  parts.push(`out += ${JSON.stringify(template.slice(end))};`);
  return `let out = '';\n${parts.join('\n')}\nreturn out;`;
}

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/**
 * A project's own template with `variables` of the configuration, as Knex renders it.
 *
 * @param stub - a path, or a name in the directory
 * @throws KnexMetaError USAGE when there is no such file, or it is no template
 */
export function renderStub(stub: string, directory: string, settings: object | undefined): string {
  const path = /[/\\]/.test(stub) ? stub : join(directory, stub);
  if (!existsSync(path)) {
    throw new KnexMetaError('USAGE', `There is no stub ${path}.`, {
      remedy: 'Give a path from the working directory, or the name of a file in the configured directory.',
    });
  }
  const { variables = {} } = (settings ?? {}) as { readonly variables?: object };
  try {
    // The stub is the project's own code, as its migrations are: Knex runs it in the same way.
    const render = new Function('d', 'text', compile(readFileSync(path, 'utf8')));
    return String(render(variables, textOf));
  } catch (error) {
    throw new KnexMetaError('USAGE', `The stub ${path} could not be filled in: ${(error as Error).message}`, {
      remedy: 'Correct the template, or `variables` in the knexfile. Nothing was written.',
      cause: error,
    });
  }
}
