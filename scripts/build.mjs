/**
 * Builds dist: tsc checks and declares, esbuild joins the modules. One file starts in half the time of hundreds, and
 * the command line shares the library with the project's own `import 'knex-meta'`. What every command loads comes along:
 * a package of ours that is no dependency is put in, with its licence.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve as resolvePath } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The folders of the packages that files come from. */
function packagesOf(files) {
  const folders = files.flatMap((file) => /^[^:]*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)];
}

/** The name, version and licence of a package. Throws where it has no text of a licence: then it may not come along. */
function noticeOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no file with its licence`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

/** How wide a text is asks the layout of help alone, and what that needs to know of Unicode takes 10 ms to make. */
const widthsLater = {
  name: 'widths later',
  setup: ({ onLoad, onResolve, resolve }) => {
    onResolve({ filter: /^string-width$/ }, async ({ kind, importer, resolveDir }) => {
      if (kind === 'require-call') return undefined;
      const { path } = await resolve('string-width', { kind: 'require-call', importer, resolveDir });
      // What is built says nothing of the machine.
      return { path: relative(process.cwd(), path), namespace: 'later' };
    });
    onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => ({
      contents: `let width;
        export default (...args) => (width ??= require('./${basename(path)}').default)(...args);`,
      resolveDir: resolvePath(dirname(path)),
    }));
  },
};

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly'], {
  stdio: 'inherit',
});
// The maps of declarations are for the sources, which are in the package.
for (const file of ['lib/index.d.cts', 'lib/query/index.d.cts']) copyFileSync(file, join('dist', file));
for (const name of readdirSync('dist/bin')) rmSync(join('dist/bin', name));
const { metafile } = await build({
  entryPoints: ['bin/knex-meta.ts', 'lib/index.ts', 'lib/query/index.ts'],
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  splitting: true,
  chunkNames: 'lib/[name]-[hash]',
  external: Object.keys({ ...dependencies, ...peerDependencies }),
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  metafile: true,
  plugins: [widthsLater],
  logLevel: 'warning',
});
const notices = packagesOf(Object.keys(metafile.inputs)).sort().map(noticeOf);
writeFileSync('dist/lib/licenses.txt', notices.join(`\n${'-'.repeat(80)}\n\n`));
