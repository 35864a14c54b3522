// `npm run prebuild [-- --arch x64|arm64]`: the addon for every supported Node ABI and the darkroom,
// against the headers of the Node versions that the tests bring (tests/package.json). Those of
// one processor serve another: they differ in config.gypi alone.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { architectures, buildAddon, buildDarkroom, fail } from './native.mjs';

const { arch } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } }).values;
if (process.platform !== 'linux' || !architectures.includes(arch))
  fail(
    `prebuilding works on Linux, for ${architectures.join(' and ')}: not for ${arch} on ${process.platform}`,
  );
for (const major of [20, 22, 24, 26]) {
  const include = fileURLToPath(new URL(`../tests/node_modules/node${major}/include/node`, import.meta.url));
  if (!existsSync(include)) fail(`no headers of Node ${major}: run \`npm ci --prefix tests\` first`);
  buildAddon(include, arch);
}
buildDarkroom(arch);
