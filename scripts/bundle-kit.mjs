// Bundles the code that is sent into containers into one file: packages/afterimage/bundled/kit.cjs.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const afterimage = fileURLToPath(new URL('../packages/afterimage/', import.meta.url));

await build({
  entryPoints: [`${afterimage}dist/kit/kit.js`],
  outfile: `${afterimage}bundled/kit.cjs`,
  bundle: true,
  minify: true,
  // Expressions for the target are functions of this code, sent as text.
  keepNames: false,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // No file lies beside it where it runs.
  define: { 'import.meta.url': '"file:///afterimage-kit/dist/kit.cjs"' },
  // Faster parts of the WebSocket library, for whoever installs them.
  external: ['bufferutil', 'utf-8-validate'],
});
