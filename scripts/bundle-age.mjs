// Bundles the age library into the package that uses it, as servers have no other dependencies: packages/image/bundled/age.js, and
// the licenses of what is in it.
import { build } from 'esbuild';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeLicenses } from './bundled-licenses.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}packages/image/bundled`;

mkdirSync(target, { recursive: true });
const age = await build({
  stdin: {
    contents: `export { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';`,
    resolveDir: root,
  },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outfile: `${target}/age.js`,
  metafile: true,
});
writeLicenses([age], target);
