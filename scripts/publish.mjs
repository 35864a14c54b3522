// `node scripts/publish.mjs --tag vX.Y.Z [--dry-run]`: publishes the tarballs that `npm run pack` made, with provenance. First checks
// that the tag is the version of every package and that the native part is there for every ABI and processor.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { publishedPackages } from './published-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { tag, 'dry-run': dryRun } = parseArgs({
  options: { tag: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
}).values;

const other = publishedPackages.filter(({ manifest }) => `v${manifest.version}` !== tag);
if (other.length > 0)
  fail(
    `the tag is ${tag ?? 'missing (--tag vX.Y.Z)'}, but ${other.map(({ manifest }) => `${manifest.name} has version ${manifest.version}`).join(', ')}`,
  );
const native = ['x64', 'arm64'].flatMap((arch) =>
  ['abi-115.node', 'abi-127.node', 'abi-137.node', 'abi-147.node', 'darkroom'].map(
    (file) => `packages/image/prebuilds/linux-${arch}/${file}`,
  ),
);
const missing = native.filter((file) => !existsSync(root + file));
if (missing.length > 0) fail(`not built: ${missing.join(', ')}. Run \`npm run prebuild -- --arch ARCH\``);
const tarballs = publishedPackages.map(
  ({ manifest }) =>
    `artifacts/packages/${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`,
);
const unpacked = tarballs.filter((file) => !existsSync(root + file));
if (unpacked.length > 0) fail(`not packed: ${unpacked.join(', ')}. Run \`npm run pack\``);

// A prerelease must not become what `npm install` picks.
const channel = tag.includes('-') ? 'next' : 'latest';
for (const tarball of tarballs)
  execFileSync(
    'npm',
    [
      'publish',
      `./${tarball}`,
      '--access',
      'public',
      '--tag',
      channel,
      dryRun ? '--dry-run' : '--provenance',
    ],
    { cwd: root, stdio: 'inherit' },
  );

function fail(message) {
  console.error(`scripts/publish.mjs: ${message}`);
  process.exit(1);
}
