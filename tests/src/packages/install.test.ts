/**
 * The README's instructions for installing: the tarballs into an empty project, without a compiler, and the
 * command from there.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { outerNodes } from '../nodes.js';
import { startPlainTarget } from '../targets/plain-target.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** Folders of the packages, of which the command's is called afterimage and its name ends in cli. */
const packages = readdirSync(join(root, 'packages'));
const directory = mkdtempSync(join(tmpdir(), 'afterimage-install-'));
const project = join(directory, 'app');
const programs = join(directory, 'bin');
/** Node.js, npm and a shell: nothing that could compile. */
const env = { ...process.env, PATH: programs, npm_config_cache: join(directory, 'cache') };
after(() => rmSync(directory, { recursive: true }));

function run(program: string, args: string[]): string {
  return execFileSync(program, args, { cwd: project, env, encoding: 'utf8', timeout: 300_000 });
}

before(
  () => {
    for (const name of packages)
      execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], {
        cwd: join(root, 'packages', name),
        stdio: 'ignore',
      });
    mkdirSync(programs);
    mkdirSync(project);
    const npm = join(dirname(realpathSync(process.execPath)), 'npm');
    symlinkSync(process.execPath, join(programs, 'node'));
    for (const name of ['npm', 'npx']) symlinkSync(npm.replace(/npm$/, name), join(programs, name));
    symlinkSync('/bin/sh', join(programs, 'sh'));
    writeFileSync(join(project, 'package.json'), '{"name":"app","private":true}');
    const tarballs = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
    assert.equal(tarballs.length, packages.length);
    run('npm', ['install', '--prefer-offline', ...tarballs.map((file) => join('..', file))]);
  },
  { timeout: 300_000 },
);

test('npx runs the installed command', () => {
  assert.match(run('npx', ['--no', '@afterimage/cli', '--version']), /^\d+\.\d+\.\d+\n$/);
  assert.match(run('npx', ['--no', '--', 'afterimage', '--version']), /^\d+\.\d+\.\d+\n$/);
});

test('each package has what it needs, and nothing of this machine', () => {
  const installed = join(project, 'node_modules/@afterimage');
  assert.deepEqual(
    readdirSync(installed).sort(),
    packages.map((name) => name.replace('afterimage', 'cli')).sort(),
  );
  for (const name of readdirSync(installed)) {
    const files = readdirSync(join(installed, name), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    const ofPackage = paths.map((path) => path.slice(join(installed, name).length + 1));
    for (const expected of ['LICENSE', 'README.md', 'package.json']) assert.ok(ofPackage.includes(expected));
    const unexpected = ofPackage.filter((path) =>
      /(^|\/)(src|tests?)\/|(?<!\.d)\.ts$|\.map$|tsbuildinfo/.test(path),
    );
    assert.deepEqual(unexpected, []);
    for (const path of paths) assert.ok(!readFileSync(path).includes(root), path);
    const manifest = JSON.parse(readFileSync(join(installed, name, 'package.json'), 'utf8')) as object;
    assert.deepEqual(
      { license: 'MIT', engines: { node: '>=20' }, scripts: undefined, ...manifest },
      { scripts: undefined, ...manifest, license: 'MIT', engines: { node: '>=20' } },
    );
    assert.equal(
      readFileSync(join(installed, name, 'LICENSE'), 'utf8'),
      readFileSync(join(root, 'LICENSE'), 'utf8'),
    );
  }
});

for (const [at, { version, path: node }] of outerNodes.entries()) {
  const other = outerNodes[(at + 1) % outerNodes.length] ?? outerNodes[0];
  test(`on Node ${version}, it captures a process on Node ${other?.version}, and reads the snapshot`, async (t) => {
    const { pid } = await startPlainTarget(t, { ...(other === undefined ? {} : { node: other.path }) });
    const afterimage = (...args: string[]): string =>
      run(node, [join(project, 'node_modules/.bin/afterimage'), ...args]);
    assert.match(afterimage('ps'), new RegExp(`^ *${pid} `, 'm'));
    afterimage('capture', String(pid), '-o', `${pid}.heapsnapshot.gz`);
    assert.match(afterimage('analyze', `${pid}.heapsnapshot.gz`), /\d nodes/);
  });
}
