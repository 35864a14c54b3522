// `npm run lint:sizes`: whether each package's tarball stays within its budget. A budget leaves about a quarter of room; raise it
// in the commit that needs more, and say there why.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publishedPackages } from './published-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Kilobytes (1,000 bytes) of the tarball; image with the native part for five ABIs of two processors. */
const BUDGETS_KB = {
  host: 25,
  snapshot: 320,
  image: 450,
  agent: 50,
  'v8-heap': 130,
  viewer: 10,
  afterimage: 500,
};

const unbuilt = publishedPackages.filter(({ name }) => !existsSync(`${root}packages/${name}/dist`));
if (unbuilt.length > 0)
  fail(`not built: ${unbuilt.map(({ name }) => name).join(', ')}. Run \`npm run build\``);
const packed = JSON.parse(
  execFileSync(
    'npm',
    [
      ...['pack', '--dry-run', '--json', '--silent', '--ignore-scripts'],
      ...publishedPackages.flatMap(({ name }) => ['--workspace', `packages/${name}`]),
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 1e8 },
  ),
);

let over = 0;
console.log(row('package', 'tarball', 'budget', 'unpacked', 'files'));
for (const { name, manifest } of publishedPackages) {
  const { size, unpackedSize, entryCount } = packed.find((one) => one.name === manifest.name);
  const budget = BUDGETS_KB[name];
  if (budget === undefined) fail(`${manifest.name} has no budget: give it one in scripts/package-sizes.mjs`);
  const tooLarge = size > budget * 1000;
  if (tooLarge) over++;
  const note = tooLarge ? `  over by ${kilobytes(size - budget * 1000)}` : '';
  console.log(
    row(
      manifest.name,
      kilobytes(size),
      kilobytes(budget * 1000),
      kilobytes(unpackedSize),
      String(entryCount),
    ) + note,
  );
}
if (over > 0)
  fail(
    `${over} of ${publishedPackages.length} packages are over their budgets: see with \`npm pack --dry-run\` what is in them`,
  );

function row(name, ...figures) {
  return name.padEnd(22) + figures.map((figure) => figure.padStart(12)).join('');
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function fail(message) {
  console.error(`scripts/package-sizes.mjs: ${message}`);
  process.exit(1);
}
