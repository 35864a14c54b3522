// `npm run prebuild`: the addon for every supported Node ABI, against the headers of the Node versions that
// the tests bring (tests/package.json).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildAddon, buildDeveloper, fail, supported } from './native.mjs';

if (!supported) fail(`prebuilding works on linux-x64, this is ${process.platform}-${process.arch}`);
for (const major of [20, 22, 24, 26]) {
  const include = fileURLToPath(new URL(`../tests/node_modules/node${major}/include/node`, import.meta.url));
  if (!existsSync(include)) fail(`no headers of Node ${major}: run \`npm ci --prefix tests\` first`);
  buildAddon(include);
}
buildDeveloper();
