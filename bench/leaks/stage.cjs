/**
 * What every program of the gallery is driven by: warm-up, then three phases of traffic with a capture after each.
 * `node programs/NAME OUTDIR` leaves 1.heapsnapshot, 2.heapsnapshot, 3.heapsnapshot and expected.json there.
 */
'use strict';
const { spawn } = require('node:child_process');
const { mkdir, rename, writeFile } = require('node:fs/promises');
const { basename, extname, join, resolve } = require('node:path');

const PHASES = 3;
const TIME_LIMIT_MS = 300_000;

/**
 * Runs a program and ends the process.
 * @param {object} program
 * @param {string} program.kind what kind of leak it is, in plain words
 * @param {string} [program.culprit] what the retaining path or a location of the right answer contains; a program
 *   without one is healthy
 * @param {number} program.perPhase how often `step` runs between two captures
 * @param {number} [program.warmUp] how often before the first phase; a quarter of a phase unless told
 * @param {(number: number) => unknown} program.step one piece of traffic; numbered from 0 on, awaited
 */
async function drive({ kind, culprit, perPhase, warmUp = Math.ceil(perPhase / 4), step }) {
  setTimeout(fail, TIME_LIMIT_MS, `not done after ${TIME_LIMIT_MS / 1000} s`).unref();
  try {
    const directory = outputDirectory();
    await mkdir(directory, { recursive: true });
    const capture = await camera(directory);
    let number = 0;
    const traffic = async (steps) => {
      for (const end = number + steps; number < end; number++) await step(number);
    };
    await traffic(warmUp);
    for (let phase = 1; phase <= PHASES; phase++) {
      await traffic(perPhase);
      await capture(`${phase}.heapsnapshot`);
    }
    const name = basename(process.argv[1], extname(process.argv[1]));
    const expected = { name, kind, culprit: culprit ?? null, healthy: culprit === undefined };
    await writeFile(join(directory, 'expected.json'), `${JSON.stringify(expected)}\n`);
  } catch (error) {
    fail(error.message);
  }
  process.exit();
}

function outputDirectory() {
  const [, , directory] = process.argv;
  if (directory === undefined) throw new Error('say where the snapshots go: node PROGRAM OUTDIR');
  return resolve(directory);
}

/** Takes snapshots of this process into files of `directory`, by image. */
async function camera(directory) {
  const { install } = await import('@afterimage/agent');
  const path = join(directory, 'capturing.heapsnapshot');
  const quiet = () => undefined;
  const logger = { info: quiet, warn: quiet, error: quiet };
  // Unredacted: what redaction changes is one of the questions.
  const agent = install({ path, mode: 'image', develop: 'always', redact: 'none', logger });
  const { possible, reason } = agent.status();
  if (!possible) throw new Error(`this process cannot be captured: ${reason}`);
  return async (name) => {
    await agent.capture();
    await rename(path, join(directory, name));
  };
}

/**
 * The other end of a program's connections, in a separate process so that its objects are not in the
 * snapshot.
 */
async function upstream(kind) {
  const child = spawn(process.execPath, [join(__dirname, 'upstream.cjs'), kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  const [line] = await Promise.race([
    new Promise((done) => child.stdout.once('data', (data) => done([String(data)]))),
    new Promise((done, failed) =>
      child.once('exit', () => failed(new Error(`the upstream (${kind}) ended`))),
    ),
  ]);
  child.unref();
  child.stdin.unref();
  child.stdout.unref();
  return Number(line);
}

function fail(message) {
  console.error(`${basename(process.argv[1])}: ${message}`);
  process.exit(1);
}

module.exports = { drive, upstream };
