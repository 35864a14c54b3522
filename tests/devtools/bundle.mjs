// Bundles DevTools' heap model (TypeScript sources of the npm package chrome-devtools-frontend) and the small
// program around it into one file. Does nothing while the bundle is newer than all it was made from.
import { build } from 'esbuild';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const inTests = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const source = inTests('devtools/heap-model.mjs');
const bundle = inTests('dist/heap-model.bundle.mjs');
const madeFrom = [source, fileURLToPath(import.meta.url), inTests('node_modules/.package-lock.json')];

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (changedAt(bundle) < Math.max(...madeFrom.map(changedAt))) {
  await build({
    entryPoints: [source],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    logLevel: 'warning',
    plugins: [{ name: 'locales', setup: replaceLocales }],
  });
}

/**
 * DevTools' own build generates locales.js; the heap model needs it only for the text of its progress bar.
 */
function replaceLocales({ onResolve, onLoad }) {
  onResolve({ filter: /^\.\/locales\.js$/ }, () => ({ path: 'locales', namespace: 'replaced' }));
  onLoad({ filter: /.*/, namespace: 'replaced' }, () => ({
    loader: 'js',
    contents: `
      export const LOCAL_FETCH_PATTERN = '';
      export const REMOTE_FETCH_PATTERN = '';
      export const LOCALES = ['en-US'];
      export const BUNDLED_LOCALES = ['en-US'];
      export const DEFAULT_LOCALE = 'en-US';`,
  }));
}
