/**
 * The part that runs in a container, in the container's own Node.js: sent there through an exec's standard input, it
 * tells which Node.js processes there are, captures the one that it is told to, and writes the image, compressed, to
 * its standard output. It leaves nothing behind, and goes when nobody is at the other end any more.
 */
import { messageOf } from '@afterimage/agent/errors';
import { readHeadroom } from '@afterimage/agent/headroom';
import { storeImage } from '@afterimage/agent/image-store';
import { sealedOutput } from '@afterimage/agent/sealed-output';
import { abiOf } from '@afterimage/agent/native';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { VersionedAddon } from '../attach/addon-place.js';
import { versionOf } from '../attach/addon-version.js';
import { captureLocal } from '../capture/local.js';
import { CommandError } from '../command-error.js';
import { attachableProcess } from '../target/candidate.js';
import { scriptOf } from '../target/command-line.js';
import { isWrapper, nodeProcesses } from '../target/node-processes.js';
import { majorOf } from '../target/node-version.js';
import { obstacleTo } from '../target/obstacles.js';
import { frameOutput, type FrameOutput } from './frame-output.js';
import type { KitAddons, SeenProcess, ToKit } from './protocol.js';

/** Nobody reads for so long: the connection is gone, though nobody has said so. */
const STALL_MS = 60_000;
/** For everything: whatever happens, nothing of ours runs in a container for longer. */
const LONGEST_MS = 3_600_000;
/** For the last frame to be taken. */
const FLUSH_MS = 5_000;

export async function run(addons: KitAddons): Promise<never> {
  const stop = new AbortController();
  const giveUp = (): void => stop.abort(new CommandError('failed', 'nobody is there any more'));
  setTimeout(giveUp, LONGEST_MS).unref();
  stepBack();
  const output = frameOutput(1, STALL_MS, giveUp);
  const orders = createInterface({ input: process.stdin });
  process.stdin.on('error', giveUp);
  orders.on('close', giveUp);
  let code = 0;
  try {
    await output.message({ type: 'found', processes: await seen(), memory: await readHeadroom() });
    const order = await nextOrder(orders, stop.signal);
    await capture(order.pid, addons, output, stop.signal);
  } catch (error) {
    code = 1;
    const failure = error instanceof CommandError ? error.failure : 'failed';
    const told = output.message({ type: 'failed', failure, message: messageOf(error) });
    await Promise.race([
      told.catch(() => undefined),
      new Promise((end) => setTimeout(end, FLUSH_MS).unref()),
    ]);
  }
  process.exit(code);
}

async function seen(): Promise<SeenProcess[]> {
  const found = (await nodeProcesses()).filter((each) => !isWrapper(each));
  return Promise.all(
    found.map(async (each) => ({
      pid: each.status.pid,
      nodeVersion: each.nodeVersion,
      command: (each.commandLine === null ? undefined : scriptOf(each.commandLine)) ?? 'node',
      rss: each.status.rss,
      obstacle: (await obstacleTo(each))?.message ?? null,
    })),
  );
}

function nextOrder(orders: NodeJS.EventEmitter, signal: AbortSignal): Promise<ToKit> {
  return new Promise((resolve, reject) => {
    orders.once('line', (line: string) => resolve(JSON.parse(line) as ToKit));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function capture(
  pid: number,
  addons: KitAddons,
  output: FrameOutput,
  signal: AbortSignal,
): Promise<void> {
  const captured = await captureLocal({
    target: await attachableProcess(pid, signal),
    addonFor: (nodeVersion) => Promise.resolve(addonAmong(addons, nodeVersion)),
    isBeside: true,
    signal,
    onStep: (step) => void output.message({ type: 'step', step }).catch(() => undefined),
  });
  try {
    let bytes = 0;
    const counted = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        bytes += chunk.length;
        output.data.write(chunk, done);
      },
    });
    const { stream, sha256 } = await sealedOutput(counted, []);
    await storeImage(captured.image.chunks, stream, signal);
    await output.message({ type: 'done', cost: captured.cost(), bytes, sha256: sha256() });
  } finally {
    await captured.release();
  }
}

function addonAmong(addons: KitAddons, nodeVersion: string): VersionedAddon {
  const addon = addons[abiOf(majorOf(nodeVersion)) ?? ''];
  if (addon === undefined) {
    throw new CommandError(
      'refused',
      `there is no native part for Node.js ${nodeVersion} on ${process.platform}-${process.arch} in this installation`,
    );
  }
  const contents = Buffer.from(addon, 'base64');
  return { addon: { contents }, addonVersion: versionOf(contents) };
}

/** The target comes first, for the processor and for memory. */
function stepBack(): void {
  try {
    setPriority(19);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Some sandboxes forbid it; then the watch over memory has to do.
  }
}
