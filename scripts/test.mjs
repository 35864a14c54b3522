// Runs the tests, having made everything they need:
//   node scripts/test.mjs [KIND,...] [NAME ...]
// KIND is e2e, fault, cluster, browser, soak or vm; several share the processors while some of them wait. NAME picks the test files
// whose path in tests/src contains it. Exits as the test runner does.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compiled, testFiles } from './test-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** For each kind: bound on a whole test file, which is what Node 20 and 22 make of --test-timeout. Long tests carry their own. */
const TIMEOUTS_MS = {
  test: 1_200_000,
  e2e: 1_200_000,
  fault: 1_200_000,
  cluster: 1_200_000,
  browser: 300_000,
  soak: 3_600_000,
  vm: 14_400_000,
};
/** Their files run side by side. They wait for much; the long ones of the other kinds keep two processors busy by themselves. */
const SIDE_BY_SIDE = new Set(['test', 'e2e', 'fault', 'cluster']);

const [first = '', ...rest] = process.argv.slice(2);
const areKinds = first !== '' && first.split(',').every((kind) => Object.hasOwn(TIMEOUTS_MS, kind));
const kinds = areKinds ? first.split(',') : ['test'];
const names = areKinds || first === '' ? rest : [first, ...rest];

const timeoutMs = Math.max(...kinds.map((kind) => TIMEOUTS_MS[kind]));
const concurrency = kinds.every((kind) => SIDE_BY_SIDE.has(kind)) ? availableParallelism() + 1 : 1;

const files = kinds.flatMap((kind) => testFiles(kind, names)).map(compiled);
if (files.length === 0) fail(`no ${kinds.join(' or ')} file is named like ${names.join(', ')}`);

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
