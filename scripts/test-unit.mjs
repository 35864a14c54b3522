// `npm run test:unit [-- NAME ...]`: the tests that need only `dist` and start no process, with a figure of coverage. A test is one of
// them when neither it nor anything that it imports from tests/ imports node:child_process or the Node versions that the tests bring.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiled, testFiles } from './test-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'tests/src');
const IMPORT = /^(?:import|export)\s[^;]*?from '([^']+)';|^import '([^']+)';/gm;
const STARTS_A_PROCESS = /^(node:)?(child_process|cluster)$|^\.{1,2}\/(.*\/)?nodes\.js$/;
const MAX_SECONDS = 120;

const names = process.argv.slice(2);
const files = testFiles('test', names)
  .filter((file) => !startsProcess(join(sources, file)))
  .map(compiled);
if (files.length === 0) fail(`no test without a process is named like ${names.join(', ')}`);

run('scripts/prepare.mjs');
run(
  ...['--test', '--experimental-test-coverage', '--test-reporter=./scripts/coverage-reporter.mjs'],
  ...['--test-reporter-destination=stdout', `--test-timeout=${MAX_SECONDS * 1000}`, ...files],
);

function startsProcess(file, seen = new Set()) {
  seen.add(file);
  for (const [, from, bare] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const wanted = from ?? bare;
    if (STARTS_A_PROCESS.test(wanted)) return true;
    const source = join(dirname(file), wanted.replace(/\.js$/, '.ts'));
    // Beyond tests/src is the code under test, which may know how to start one.
    if (!wanted.startsWith('.') || !source.startsWith(sources) || seen.has(source)) continue;
    if (startsProcess(source, seen)) return true;
  }
  return false;
}

function run(...args) {
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (error || signal) fail(`node ${args.join(' ')}: ${error?.message ?? `ended by ${signal}`}`);
  if (status !== 0) process.exit(status);
}

function fail(message) {
  console.error(`scripts/test-unit.mjs: ${message}`);
  process.exit(1);
}
