/**
 * Measures what redaction misses, what it removes needlessly, and how fast it is: 1,000 secrets in each Node
 * version, the names of programs, and a large file compared with `cat` and `gzip -1`. Checks the goals.
 */
import { redactor, type RedactionLevel } from '@afterimage/snapshot/redaction';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import colors from 'picocolors';
import { snapshotFile } from '../analyze/files.js';
import { installNode } from '../analyze/installs.js';
import { count, duration, size } from '../figures.js';
import { interruption } from '../interruption.js';
import { leaksIn, type Secret } from './secrets.js';
import { survivors } from './survivors.js';
import { sideBySide, type Row } from '../tables.js';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const nodeOf = (major: number): string => here(`../../../tests/node_modules/node${major}/bin/node`);
const MAJORS = [20, 22, 24, 26];
const LEVELS: RedactionLevel[] = ['strings', 'names'];

/** Code that the list of words was not made from, and code that it was. */
const OWN_MODULES = ['snapshot', 'agent', 'afterimage'].map((name) =>
  here(`../../../packages/${name}/dist/`),
);
const OWN = [
  `${OWN_MODULES[0]}index.js`,
  `${OWN_MODULES[1]}index.js`,
  ...['analyze', 'diff', 'develop', 'redact', 'verify'].map((verb) => `${OWN_MODULES[2]}commands/${verb}.js`),
];
const LIBRARIES = ['typescript', 'eslint', 'prettier', 'autocannon'].map((name) => import.meta.resolve(name));

const MIN_KEPT_SHARE = 0.99;
const EXAMPLES = 12;
const MIN_SPEED = 250e6;
const SPEED_MB = 150;
const TIMES = 5;
const SHORT_STRINGS = 400_000;

let failed = false;
const judge = (met: boolean, text: string): void => {
  failed ||= !met;
  console.log(`${met ? colors.green('pass') : colors.red('FAIL')}  ${text}`);
};

async function main(): Promise<void> {
  const node = installNode();
  const directory = await mkdtemp(join(tmpdir(), 'afterimage-redaction-'));
  try {
    await secrets(directory);
    await names(directory);
    await speed(node, directory);
  } finally {
    await rm(directory, { recursive: true });
  }
  if (failed) process.exitCode = 1;
}

async function redacted(file: string, level: RedactionLevel): Promise<string> {
  const redaction = redactor({ level });
  const chunks = redaction.push(await readFile(file));
  return Buffer.concat([...chunks, ...redaction.end().chunks]).toString();
}

async function secrets(directory: string): Promise<void> {
  const rows: Row[] = [];
  let found = 0;
  for (const major of MAJORS) {
    const cells: string[] = [];
    for (const level of LEVELS) {
      const [secretsFile, file] = [join(directory, 'secrets'), join(directory, 'planted')];
      await run(nodeOf(major), [here('../../redaction/planted-secrets.cjs'), secretsFile, file, 'numbers'], {
        signal: interruption.signal,
      });
      const planted = JSON.parse(await readFile(secretsFile, 'utf8')) as Secret[];
      const leaks = leaksIn(await redacted(file, level), planted);
      found += leaks.length;
      for (const { way, kind, piece } of leaks) console.log(`  ${way} (${kind}): ${piece}`);
      cells.push(`${leaks.length} of ${count(planted.length)}`);
    }
    rows.push([`Node ${major}`, ...cells]);
  }
  console.log(sideBySide(['secrets found', ...LEVELS], rows));
  judge(found === 0, `no piece of a secret is found: ${found}`);
}

async function names(directory: string): Promise<void> {
  const rows: Row[] = [];
  let least = 1;
  const examples = new Set<string>();
  for (const major of MAJORS) {
    const bare = await named(directory, major, []);
    const cells: string[] = [];
    for (const [modules, level] of [
      [OWN, 'strings'],
      [LIBRARIES, 'strings'],
      [LIBRARIES, 'names'],
    ] as const) {
      const file = await named(directory, major, modules);
      const original = await readFile(file, 'utf8');
      const bareText = await readFile(bare, 'utf8');
      const {
        names: all,
        kept,
        lost,
      } = survivors(original, await redacted(file, level), bareText, level === 'strings');
      least = Math.min(least, kept / all);
      for (const name of lost) examples.add(name);
      cells.push(`${((100 * kept) / all).toFixed(2)} % of ${count(all)}`);
    }
    rows.push([`Node ${major}`, ...cells]);
  }
  console.log(
    sideBySide(
      ['names kept', 'this project, strings', 'libraries, strings', 'libraries, names: classes, functions'],
      rows,
      10,
    ),
  );
  console.log(`Not kept, among others: ${[...examples].slice(0, EXAMPLES).join(', ')}`);
  judge(
    least >= MIN_KEPT_SHARE,
    `at least ${100 * MIN_KEPT_SHARE} % of the names are kept: ${(100 * least).toFixed(2)} %`,
  );
}

async function named(directory: string, major: number, modules: readonly string[]): Promise<string> {
  const file = join(directory, `named-${modules.length}`);
  await run(nodeOf(major), ['--no-warnings', here('../../redaction/named-program.mjs'), file, ...modules], {
    signal: interruption.signal,
  });
  return file;
}

interface Taken {
  cpuMs: number;
  peakBytes: number;
  strings: number;
}

async function redacting(node: string, file: string, level: RedactionLevel): Promise<Taken> {
  const { stdout } = await run(node, [here('./reader.js'), file, level], {
    signal: interruption.signal,
  });
  return JSON.parse(stdout) as Taken;
}

/** By its time. */
function median(taken: readonly Taken[]): Taken {
  return taken.toSorted((one, other) => one.cpuMs - other.cpuMs)[taken.length >> 1] as Taken;
}

/** CPU time of a program that reads the file, in milliseconds. */
function cpuOf(program: string, ...args: string[]): number {
  const script = `${program} ${args.map((arg) => `'${arg}'`).join(' ')} | cat > /dev/null; times`;
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  // The second line: of the children, user and system, as 0m1.5s.
  const [user = '', system = ''] = (stdout.split('\n')[1] ?? '').split(' ');
  return [user, system].reduce((sum, time) => sum + milliseconds(time), 0);
}

function milliseconds(time: string): number {
  const [, minutes = '0', seconds = '0'] = /(\d+)m([\d.]+)s/.exec(time) ?? [];
  return (Number(minutes) * 60 + Number(seconds)) * 1e3;
}

async function speed(node: string, directory: string): Promise<void> {
  const { path, bytes, nodes, edges } = await snapshotFile(node, SPEED_MB);
  console.log(`${size(bytes)}: ${count(nodes)} nodes, ${count(edges)} edges; processor time`);
  const levels: RedactionLevel[] = ['none', ...LEVELS];
  const ours = new Map(levels.map((level): [RedactionLevel, Taken[]] => [level, []]));
  for (let time = 0; time < TIMES; time++) {
    for (const [level, taken] of ours) taken.push(await redacting(node, path, level));
  }
  const others = [
    [
      'afterimage redact',
      cpuOf(
        node,
        here('../../../packages/afterimage/bin/afterimage.js'),
        'redact',
        path,
        join(directory, 'redacted'),
      ),
    ],
    ['cat', cpuOf('cat', path)],
    ['gzip -1', cpuOf('gzip', '-1', '-c', path)],
  ] as const;
  const perSecond = (ms: number): string => `${size((bytes / ms) * 1e3)}/s`;
  console.log(
    sideBySide(
      ['', 'time', 'bytes', 'memory'],
      [
        ...[...ours].map(([level, taken]): Row => {
          const { cpuMs, peakBytes } = median(taken);
          return [`redact, ${level}`, duration(cpuMs), perSecond(cpuMs), size(peakBytes)];
        }),
        ...others.map(([name, ms]): Row => [name, duration(ms), perSecond(ms), '']),
      ],
    ),
  );
  const { cpuMs } = median(ours.get('strings') ?? []);
  judge((bytes / cpuMs) * 1e3 >= MIN_SPEED, `at least ${size(MIN_SPEED)}/s on one core: ${perSecond(cpuMs)}`);
  await memory(node, directory);
}

/** The same number of strings, forty times as long. */
async function memory(node: string, directory: string): Promise<void> {
  const peaks: number[] = [];
  for (const length of [12, 480]) {
    const file = join(directory, `strings-${length}`);
    await run(node, ['-e', MANY_STRINGS, file, String(SHORT_STRINGS), String(length)], {
      signal: interruption.signal,
    });
    const { peakBytes, strings } = await redacting(node, file, 'strings');
    peaks.push(peakBytes);
    console.log(`${count(strings)} strings of ${length} characters: ${size(peakBytes)} of memory`);
    await rm(file);
  }
  const [short = 0, long = 0] = peaks;
  judge(long < short * 1.25, `memory does not grow with the bytes of strings: ${size(short)}, ${size(long)}`);
}

const MANY_STRINGS = `
  const [file, count, length] = process.argv.slice(1);
  globalThis.kept = Array.from({ length: Number(count) }, (_, at) => String(at).padStart(Number(length), 'ab cd '));
  require('v8').writeHeapSnapshot(file);`;

console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? ''}, Node ${process.versions.node}\n`,
);
try {
  await main();
} catch (error) {
  const { message } = interruption.signal.aborted ? (interruption.signal.reason as Error) : (error as Error);
  console.error(`bench:redaction: ${message}`);
  process.exitCode = 1;
}
