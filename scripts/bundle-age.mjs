// Bundles the age library into the agent, which has no run-time dependencies: packages/agent/bundled/age.js, and
// the licences of what is in it.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}packages/agent/bundled`;

mkdirSync(target, { recursive: true });
const { metafile } = await build({
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
const packages = new Set(
  Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
);
const licences = [...packages].sort().map((name) => {
  const { version } = JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${version}\n\n${readFileSync(`${root}node_modules/${name}/LICENSE`, 'utf8').trim()}\n`;
});
writeFileSync(`${target}/LICENSES.txt`, licences.join('\n---\n\n'));
