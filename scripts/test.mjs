// Runs the tests, having made everything they need:
//   node scripts/test.mjs [fault|cluster|browser|soak|vm] [NAME ...]
// NAME picks the test files whose path in tests/src contains it. Exits as the test runner does.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compiled, testFiles } from './test-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [first = '', ...rest] = process.argv.slice(2);
const kind = ['fault', 'cluster', 'browser', 'soak', 'vm'].includes(first) ? first : 'test';
const names = kind === 'test' && first ? [first, ...rest] : rest;

/** Bound on a whole test file: what Node 20 and 22 make of --test-timeout. Long tests carry their own. */
const timeoutMs = {
  test: 1_200_000,
  fault: 1_200_000,
  cluster: 1_200_000,
  browser: 300_000,
  soak: 3_600_000,
  vm: 14_400_000,
}[kind];

/** Files at a time. Tests wait for much; the long ones keep two processors busy by themselves. */
const concurrency = ['test', 'fault', 'cluster'].includes(kind) ? availableParallelism() + 1 : 1;

const files = testFiles(kind, names).map(compiled);
if (files.length === 0) fail(`no ${kind} file is named like ${names.join(', ')}`);

node(['scripts/prepare.mjs']);
step('building');
npm(['run', '--silent', 'build']);
step('building the native addon for each Node version');
node(['scripts/prebuild.mjs']);
node(['tests/devtools/bundle.mjs']);
step(`running ${files.length} test files`);
node([
  '--test',
  '--test-reporter=spec',
  `--test-timeout=${timeoutMs}`,
  `--test-concurrency=${concurrency}`,
  ...files,
]);

function step(what) {
  console.log(`# ${what}`);
}

function npm(args, directory = '') {
  const npmScript = process.env.npm_execpath;
  if (npmScript) run(process.execPath, [npmScript, ...args], directory);
  else run('npm', args, directory);
}

function node(args) {
  run(process.execPath, args, '');
}

function run(program, args, directory) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root + directory, stdio: 'inherit' });
  if (error) fail(`${program}: ${error.message}`);
  if (signal) fail(`${program} ${args.join(' ')} was ended by ${signal}`);
  if (status !== 0) process.exit(status);
}

function fail(message) {
  console.error(`scripts/test.mjs: ${message}`);
  process.exit(1);
}
