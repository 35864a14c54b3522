// `npm run lint`: every check, as many at a time as there are processors, the longest first. Prints the output of each as it ends, and
// fails if any failed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const checks = ['code', 'format', 'api', 'twice', 'house', 'sizes', 'native', 'changes'].map(
  (name) => `lint:${name}`,
);
const root = fileURLToPath(new URL('..', import.meta.url));
const failed = [];

await run(process.execPath, ['scripts/prepare.mjs'], 'preparing');
if (failed.length === 0) await Promise.all(Array.from({ length: availableParallelism() }, worker));
if (failed.length > 0) {
  console.error(`scripts/lint.mjs: failed: ${failed.join(', ')}`);
  process.exit(1);
}

async function worker() {
  for (let check; (check = checks.shift());) {
    const npmScript = process.env.npm_execpath;
    const words = ['run', '--silent', check];
    await (npmScript ? run(process.execPath, [npmScript, ...words], check) : run('npm', words, check));
  }
}

async function run(program, args, name) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  process.stdout.write(`# ${name}\n${output}${errors}`);
  if (code !== 0) failed.push(name);
}
