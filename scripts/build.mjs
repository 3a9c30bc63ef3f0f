/**
 * Builds dist: tsc checks and declares, esbuild joins the modules. One file starts in half the time of hundreds. What every
 * command loads comes along: a package of ours that is no dependency is put in, with its licence.
 *
 * Node runs one copy, in CommonJS: `require('knex-meta')`, `import 'knex-meta'` and the command line share its state. A
 * bundler takes the ES modules in dist/lib/esm (the condition `module`), which it can put into either format.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve as resolvePath } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
const { dependencies, peerDependencies, version } = JSON.parse(readFileSync('package.json', 'utf8'));

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

const LIBRARY = ['lib/index.ts', 'lib/query/index.ts'];
const shared = {
  bundle: true,
  splitting: true,
  external: Object.keys({ ...dependencies, ...peerDependencies }),
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  define: { BUILT_VERSION: JSON.stringify(version) },
  sourcemap: true,
  metafile: true,
  plugins: [widthsLater],
  logLevel: 'warning',
};

/** The names of modules that each other's files say, in their new language. A command line is loaded when it is needed. */
const asCommonJs = (text) =>
  text
    .replace(/\brequire\("(\.[^"]*)\.js"\)/g, 'require("$1.cjs")')
    .replace(/\bimport\("(\.[^"]*)\.js"\)/g, 'Promise.resolve(require("$1.cjs"))');

/** The ES modules in a folder as CommonJS in another one, with the same chunks. */
async function convert(from, to, files) {
  const usesAddress = (file) => readFileSync(file, 'utf8').includes('import.meta.url');
  for (const banner of [
    undefined,
    'const moduleAddress = require("node:url").pathToFileURL(__filename).href;',
  ])
    await build({
      entryPoints: files.filter((file) => usesAddress(file) === (banner !== undefined)),
      outdir: to,
      outbase: from,
      outExtension: { '.js': '.cjs' },
      platform: 'node',
      target: shared.target,
      format: 'cjs',
      define: { 'import.meta.url': 'moduleAddress' },
      ...(banner === undefined ? {} : { banner: { js: banner } }),
      sourcemap: true,
      logLevel: 'warning',
    });
  for (const file of files) {
    const path = join(to, relative(from, file)).replace(/\.js$/, '.cjs');
    writeFileSync(path, asCommonJs(readFileSync(path, 'utf8')));
  }
}

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly'], {
  stdio: 'inherit',
});
// The maps of declarations are for the sources, which are in the package.
for (const file of ['lib/index.d.cts', 'lib/query/index.d.cts']) copyFileSync(file, join('dist', file));
for (const name of readdirSync('dist/bin')) rmSync(join('dist/bin', name));

const { metafile: ofLibrary } = await build({
  ...shared,
  entryPoints: LIBRARY,
  outdir: 'dist/lib/esm',
  outbase: 'lib',
  chunkNames: '[name]-[hash]',
});
const { metafile } = await build({
  ...shared,
  entryPoints: ['bin/knex-meta.ts', ...LIBRARY],
  outdir: 'dist/modules',
  outbase: '.',
  chunkNames: 'lib/[name]-[hash]',
});
const outputs = Object.keys(metafile.outputs).filter((file) => file.endsWith('.js'));
const isBin = (file) => file.startsWith('dist/modules/bin/');
await convert(
  'dist/modules',
  'dist',
  outputs.filter((file) => !isBin(file)),
);

mkdirSync('dist/bin', { recursive: true });
for (const file of outputs.filter(isBin)) {
  const [first, ...rest] = readFileSync(file, 'utf8').split('\n');
  const body = rest
    .filter((line) => !line.startsWith('//# sourceMappingURL='))
    .join('\n')
    .replace(/\bimport\("(\.[^"]*)\.js"\)/g, 'createRequire(import.meta.url)("$1.cjs")');
  writeFileSync(
    join('dist', relative('dist/modules', file)),
    `${first}\nimport { createRequire } from 'node:module';\n${body}`,
    // A link to it runs, also where no package manager has made it executable.
    { mode: 0o755 },
  );
}
for (const entry of LIBRARY) {
  const path = entry.replace(/\.ts$/, '.js');
  const { exports } = metafile.outputs[`dist/modules/${path}`];
  writeFileSync(
    join('dist', path),
    `import library from './index.cjs';\n\nexport const { ${[...exports].sort().join(', ')} } = library;\n`,
  );
}
rmSync('dist/modules', { recursive: true });

const inputs = Object.keys({ ...metafile.inputs, ...ofLibrary.inputs });
const notices = packagesOf(inputs).sort().map(noticeOf);
writeFileSync('dist/lib/licenses.txt', notices.join(`\n${'-'.repeat(80)}\n\n`));
