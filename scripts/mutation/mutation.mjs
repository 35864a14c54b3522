// `npm run test:mutation [-- ROOM] [--sample N] [--seed N] [--file NAME] [--fast]`: makes one small change to the compiled code of a
// room of the snapshot package, runs the room's tests, and counts the changes that no test notices. The same seed picks the same
// changes; `--file` takes those of one file, `--fast` leaves out the tests that start processes.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { mutationsOf } from './mutations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const hook = pathToFileURL(join(root, 'scripts/mutation/mutated.mjs')).href;
const reporter = pathToFileURL(join(root, 'scripts/mutation/first-failure.mjs')).href;

/** The tests that are the room's own. Each line is one process, the fastest first: it notices most mutations. */
const rooms = {
  suspects: [
    ['rules', 'thresholds', 'limit-field', 'sample'].map((name) => `suspects/${name}`),
    ['suspects/suspects'],
    ['suspects/naming'],
  ],
  redact: [['names', 'columns', 'twice'].map((name) => `redaction/${name}`), ['redaction/redaction']],
};
/** An endless loop is noticed, too. */
const TIMES_LONGER = 6;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    file: { type: 'string', default: '' },
    fast: { type: 'boolean', default: false },
  },
});
const names = positionals.length === 0 ? Object.keys(rooms) : positionals;
for (const name of names) {
  if (!Object.hasOwn(rooms, name)) fail(`no room is named ${name}: ${Object.keys(rooms).join(', ')}`);
}
for (const script of ['scripts/prepare.mjs', 'tests/devtools/bundle.mjs'])
  if (spawnSync(process.execPath, [join(root, script)], { stdio: 'inherit' }).status !== 0) process.exit(1);
for (const name of names) await runRoom(name);

async function runRoom(room) {
  const processes = rooms[room].slice(0, values.fast ? 1 : undefined);
  const directory = join(root, `packages/snapshot/dist/${room}`);
  const all = readdirSync(directory, { recursive: true })
    .filter((file) => file.endsWith('.js') && (values.file === '' || file === `${values.file}.js`))
    .sort()
    .flatMap((file) => mutationsOf(join(directory, file)));
  const limits = [];
  for (const tests of processes) {
    const started = performance.now();
    if (!(await pass(tests, null, 600_000))) fail(`${tests.join(' or ')} fails without a mutation`);
    limits.push(5_000 + TIMES_LONGER * (performance.now() - started));
  }
  /** The first of the processes that fails; -1 if none does. */
  const noticer = async (mutation) => {
    for (const [at, tests] of processes.entries()) if (!(await pass(tests, mutation, limits[at]))) return at;
    return -1;
  };
  const chosen = sample(all, Number(values.sample), Number(values.seed));
  const noticed = processes.map(() => 0);
  let survived = 0;
  const next = async () => {
    for (let mutation = chosen.pop(); mutation !== undefined; mutation = chosen.pop()) {
      const at = await noticer(mutation);
      if (at >= 0) noticed[at]++;
      else {
        const { file, line, was, text } = mutation;
        const change = `${was.replaceAll(/\s+/g, ' ').slice(0, 80)} -> ${text}`;
        console.log(`survived: ${relative(root, file)}:${line}: ${change}`);
        survived++;
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
  const killed = noticed.reduce((sum, count) => sum + count, 0);
  const done = killed + survived;
  const parts = noticed.map((count, at) => `${count} by ${processes[at].join(', ')}`).join('; ');
  console.log(
    `${room}: ${killed} of ${done} mutations noticed (${Math.round((100 * killed) / done)} %): ${parts}. ` +
      `There are ${all.length}; seed ${values.seed}.`,
  );
}

/** Runs tests in one process until the first that fails. */
async function pass(tests, mutation, timeout) {
  const env = { ...process.env, TEST_NODES: '24' };
  if (mutation !== null) env.AFTERIMAGE_MUTANT = JSON.stringify(mutation);
  const files = tests.map((test) => pathToFileURL(join(root, `tests/dist/${test}.test.js`)).href);
  const reporting = [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout'];
  const loading = files.map((file) => `import ${JSON.stringify(file)};`).join('');
  const child = spawn(
    process.execPath,
    ['--import', hook, ...reporting, '--input-type=module', '--eval', loading],
    {
      env: { ...env, NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} --import ${hook}` },
      stdio: 'ignore',
      detached: true,
    },
  );
  const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), timeout);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  return code === 0;
}

/** `count` of them, by a generator whose numbers are the same everywhere (mulberry32, by Tommy Ettinger). */
function sample(all, count, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const rest = [...all];
  const chosen = [];
  while (chosen.length < count && rest.length > 0)
    chosen.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return chosen;
}

function fail(message) {
  console.error(`scripts/mutation/mutation.mjs: ${message}`);
  process.exit(1);
}
