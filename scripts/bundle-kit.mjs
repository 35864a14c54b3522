// Bundles the code that is sent into containers into one file: packages/afterimage/bundled/kit.cjs.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeLicenses } from './bundled-licenses.mjs';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));
const afterimage = `${packages}afterimage/`;

const { metafile } = await build({
  entryPoints: [`${afterimage}dist/kit/kit.js`],
  outfile: `${afterimage}bundled/kit.cjs`,
  bundle: true,
  metafile: true,
  minify: true,
  // Expressions for the target are functions of this code, sent as text.
  keepNames: false,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // The kit runs as one file, without any beside it.
  define: { 'import.meta.url': '"file:///afterimage-kit/dist/kit.cjs"' },
  // Optional parts of the WebSocket library; and the kit compresses nothing.
  external: ['bufferutil', 'utf-8-validate', '@bokuweb/zstd-wasm'],
  plugins: [
    { name: 'own-version', setup: inlineVersion },
    { name: 'without-tls', setup: leaveTlsOut },
  ],
});

writeLicenses(metafile, `${afterimage}bundled`);

/** Nor is there a package.json to read the version from. */
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
