// What the tests need besides the workspace (Node versions, DevTools, kubectl), and the types that
// everything is checked against. Does nothing where it is there already.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

if (changedAt('tests/node_modules/.package-lock.json') < changedAt('tests/package-lock.json')) {
  console.log('# installing what only the tests need (four Node versions, DevTools, kubectl; 920 MB)');
  const npmScript = process.env.npm_execpath;
  const [program, ...args] = npmScript ? [process.execPath, npmScript] : ['npm'];
  run(program, [...args, 'ci', '--prefix', 'tests']);
}
run(process.execPath, ['scripts/build-wasm.mjs']);
for (const project of ['.', 'tests'])
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', project]);

/** Milliseconds since the epoch; 0 for what does not exist. */
function changedAt(path) {
  return statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(program, args) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error || signal) {
    console.error(
      `scripts/prepare.mjs: ${program} ${args.join(' ')}: ${error?.message ?? `ended by ${signal}`}`,
    );
    process.exit(1);
  }
  if (status !== 0) process.exit(status);
}
