// `npm run pack [-- --arch x64|arm64]`: the tarballs of the published packages in artifacts/packages, with the addon for
// every supported Node ABI. They install into any project, without a compiler.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { publishedPackages } from './published-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { arch, to } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch },
    to: { type: 'string', default: `${root}artifacts/packages` },
  },
}).values;

run('npm', ['run', '--silent', 'build']);
if (!existsSync(`${root}tests/node_modules`)) run('npm', ['ci', '--prefix', 'tests']);
run(process.execPath, ['scripts/prebuild.mjs', '--arch', arch]);
mkdirSync(to, { recursive: true });
for (const name of readdirSync(to).filter((file) => /^afterimage-.*\.tgz$/.test(file)))
  rmSync(`${to}/${name}`);
for (const { name } of publishedPackages)
  run('npm', ['pack', '--silent', '--pack-destination', to, '--workspace', `packages/${name}`]);
console.log(`packed into ${to}`);

function run(program, args) {
  execFileSync(program, args, { cwd: root, stdio: 'inherit' });
}
