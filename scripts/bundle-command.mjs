// Bundles the command into packages/afterimage/bundled: main.js and its parts, because loading 150 to 350 modules one by one took more
// than half of what a short command takes; and kit.cjs, the code that is sent into containers. What is not JavaScript (names, addons,
// workers) stays in the packages.
import { build } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeLicenses } from './bundled-licenses.mjs';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));
const compiled = `${packages}afterimage/dist/`;
const outdir = `${packages}afterimage/bundled`;

rmSync(outdir, { recursive: true, force: true });
const common = {
  outdir,
  outbase: compiled,
  bundle: true,
  metafile: true,
  // Expressions for the target are functions of this code, sent as text.
  keepNames: false,
  platform: 'node',
  target: 'node20',
  // Optional parts of the WebSocket library; and a library that reads its WebAssembly from beside itself, which the kit does without.
  external: ['bufferutil', 'utf-8-validate', '@bokuweb/zstd-wasm'],
};
const command = await build({
  ...common,
  entryPoints: [`${compiled}main.js`, `${compiled}attach/watchdog.js`],
  format: 'esm',
  // Names stay, for the stack of an error.
  minifyWhitespace: true,
  // Each verb loads its own part.
  splitting: true,
  chunkNames: '[name]-[hash]',
  // Libraries of CommonJS call require() of Node's own modules.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);",
  },
  plugins: [{ name: 'own-places', setup: keepPlaces }],
});
const kit = await build({
  ...common,
  entryPoints: { kit: `${compiled}kit/kit.js` },
  outExtension: { '.js': '.cjs' },
  minify: true,
  format: 'cjs',
  // The kit runs as one file, without any beside it.
  define: { 'import.meta.url': '"file:///afterimage-kit/dist/kit.cjs"' },
  plugins: [
    { name: 'own-version', setup: inlineVersion },
    { name: 'without-tls', setup: leaveTlsOut },
  ],
});
writeLicenses([command, kit], outdir);

/** Lets `import.meta.url` be where the module lies without a bundle, relative to which it finds its files. */
function keepPlaces({ onLoad }) {
  onLoad({ filter: /packages\/[\w-]+\/dist\/.*\.js$/ }, ({ path }) => {
    const source = readFileSync(path, 'utf8');
    if (!source.includes('import.meta.url')) return undefined;
    const [name, , ...rest] = relative(packages, path).split(sep);
    return { contents: source.replaceAll('import.meta.url', placeOf(name, rest.join('/'))) };
  });
}

/** An expression for the URL of a package's module, by something that the package exports. */
function placeOf(name, file) {
  const here = JSON.stringify(file);
  if (name === 'afterimage') return `new URL(${here}, import.meta.url).href`;
  const { exports } = JSON.parse(readFileSync(`${packages}${name}/package.json`, 'utf8'));
  if (exports['./*']?.default === './dist/*.js')
    return `import.meta.resolve(${JSON.stringify(`@afterimage/${name}/${file.replace(/\.js$/, '')}`)})`;
  if (exports['.']?.default !== './dist/index.js')
    throw new Error(`${name} does not export its dist/index.js`);
  return `new URL(${here}, import.meta.resolve('@afterimage/${name}')).href`;
}

/** The kit has no package.json to read the version from. */
function inlineVersion({ onLoad }) {
  onLoad({ filter: /snapshot\/dist\/redact\/provenance\.js$/ }, ({ path }) => {
    const reading = "createRequire(import.meta.url)('../../package.json')";
    const source = readFileSync(path, 'utf8');
    if (!source.includes(reading)) throw new Error(`${path} reads its version in another way`);
    const { version } = JSON.parse(readFileSync(`${packages}snapshot/package.json`, 'utf8'));
    return { contents: source.replace(reading, JSON.stringify({ version })) };
  });
}

/** An inspector is not spoken to by TLS, which would take more than a megabyte from the container. */
function leaveTlsOut({ onLoad, onResolve }) {
  onResolve({ filter: /^(https|tls)$/ }, () => ({ path: 'none', namespace: 'without-tls' }));
  onLoad({ filter: /.*/, namespace: 'without-tls' }, () => ({ contents: 'module.exports = {};' }));
}
