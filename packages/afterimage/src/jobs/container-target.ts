/** A Node.js process in a container: of a pod, or of this machine's docker or podman. */
import { sanitizeName } from '@afterimage/host/application-name';
import type { DevelopResult } from '@afterimage/image/develop';
import { formatBytes } from '@afterimage/host/format';
import { readImage, type ImageHeader } from '@afterimage/image/read';
import { CommandError } from '../cli/command-error.js';
import { decompressed, split } from '../files/compression.js';
import { showStep } from './developing.js';
import type { ProgressLine } from '../cli/progress-line.js';
import type { ContainerAccess } from '../container/access.js';
import { startDevelopingPod } from '../container/developing-pod.js';
import { startKit, type KitSession } from '../container/kit-session.js';
import { podAccess, type ClusterOptions } from '../container/kubectl.js';
import {
  chooseProcess,
  containerLines,
  meantProcess,
  ownerOfMeant,
  podLines,
} from '../container/playbook.js';
import type { PodTarget } from '../container/pods.js';
import type { SeenProcess, Surroundings } from '../kit/protocol.js';
import { visible } from '../cli/visible.js';
import type { CapturedByAgent } from '../capture/agent-signal.js';
import type { CapturedImage, CaptureCost, DevelopedElsewhere, WrittenByAgent } from '../capture/arrival.js';
import { stepText } from './step-text.js';
import { checkedReport } from '../heap/checked-report.js';
import type { HeapAnswer } from '../heap/report.js';
import { agentRefusal } from './agent-job.js';
import type { CaptureTarget, CaptureContext, ImageContext } from './target.js';

export interface InContainer {
  /** Process ID in the container. */
  pid: number | undefined;
  /** Path of Node.js in the container. */
  node: string | undefined;
  /** Whether to develop the snapshot in the cluster instead of here. */
  inCluster: boolean;
  /** Whether to let an agent in the process capture. */
  agent: boolean;
  /** Whose heap is wanted, as `--isolate` says it; an agent has that of the main thread alone. */
  isolate?: string | undefined;
  /** How long to wait for the main thread, in milliseconds. */
  waitMs?: number | undefined;
}

/** A container's image as it arrives, and its cost. */
interface Arriving {
  compressed: AsyncIterable<Uint8Array>;
  /** Available once it has arrived. */
  cost: () => CaptureCost;
  leftOpen: () => Promise<string | null>;
}

export type ContainerTool = 'docker' | 'podman';

export function podTarget(pod: PodTarget, cluster: ClusterOptions, where: InContainer): CaptureTarget {
  const access = podAccess({ ...cluster, namespace: pod.namespace }, pod.pod, pod.container);
  const nodes = pod.command.slice(0, 1).filter((program) => /(^|\/)node(js)?$/.test(program));
  const describe = (process: SeenProcess, memory: Surroundings['memory']): string[] =>
    podLines(pod, process, memory);
  return {
    name: access.name,
    fileName: sanitizeName(pod.pod),
    capture: async (context) => {
      const kit = await reach(access, 'capture', nodes, where, context);
      const process = await choose(kit, access, where, context, describe);
      if (isForAgent(process, where)) return byAgent(kit, access, process, where, context);
      const arriving = order(kit, access, process, where, context);
      if (!where.inCluster) return here(kit, arriving);
      return developInCluster(kit, arriving, pod, cluster, context);
    },
    heap: async (context) => {
      const kit = await reach(access, 'questions', nodes, where, context);
      return heapIn(kit, access, where, context);
    },
  };
}

export function containerTarget(tool: ContainerTool, container: string, where: InContainer): CaptureTarget {
  return {
    name: toolAccess(tool, container).name,
    fileName: sanitizeName(container),
    capture: async (context) => {
      const [kit, access] = await reachAsOwner(tool, 'capture', container, where, context);
      const process = await choose(kit, access, where, context, containerLines);
      if (isForAgent(process, where)) return byAgent(kit, access, process, where, context);
      return here(kit, order(kit, access, process, where, context));
    },
    heap: async (context) => {
      const [kit, access] = await reachAsOwner(tool, 'questions', container, where, context);
      return heapIn(kit, access, where, context);
    },
  };
}

/** A user of docker or podman may enter a container as any user. */
function toolAccess(tool: ContainerTool, container: string, user: string[] = []): ContainerAccess {
  const name = `container ${container}`;
  return { name, program: tool, arguments: ['exec', '-i', ...user, '--', container] };
}

/**
 * Enters as the container's user; or, if that cannot inspect the process, as the process's owner: an entry
 * point that is root without the right to trace may have started it as another user.
 */
async function reachAsOwner(
  tool: ContainerTool,
  use: 'capture' | 'questions',
  container: string,
  where: InContainer,
  context: CaptureContext,
): Promise<[KitSession, ContainerAccess]> {
  const access = toolAccess(tool, container);
  const kit = await reach(access, use, [], where, context);
  const owner = ownerOfMeant(kit.found, where.pid);
  if (owner === null) return [kit, access];
  await kit.close();
  context.say(`process ${owner.pid} belongs to user id ${owner.uid}: entering as that user`);
  const byOwner = toolAccess(tool, container, ['--user', `${owner.uid}:${owner.gid}`]);
  return [await reach(byOwner, use, [kit.found.surroundings.node], where, context), byOwner];
}

const isForAgent = (process: SeenProcess, where: InContainer): boolean =>
  where.agent && process.agent !== null;

function reach(
  access: ContainerAccess,
  use: 'capture' | 'questions',
  nodes: readonly string[],
  { node }: InContainer,
  { signal, progress }: CaptureContext,
): Promise<KitSession> {
  progress.stage(`reaching ${access.name}`);
  return startKit(access, use, node === undefined ? nodes : [node], signal);
}

/** Returns the requested process, after showing what is known about it. */
async function choose(
  kit: KitSession,
  access: ContainerAccess,
  { pid, inCluster, agent }: InContainer,
  { say, use }: ImageContext,
  describe: typeof containerLines,
): Promise<SeenProcess> {
  try {
    if (!inCluster && use !== 'store') checkArchitecture(kit, access, use === 'read');
    const process = await chosen(kit, pid, agent, access);
    for (const line of describe(process, kit.found.surroundings.memory)) say(line);
    return process;
  } catch (error) {
    await kit.close();
    throw error;
  }
}

async function chosen(
  kit: KitSession,
  pid: number | undefined,
  agent: boolean,
  { name }: ContainerAccess,
): Promise<SeenProcess> {
  try {
    return chooseProcess(kit.found, pid, agent, name);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.failure, await kit.forOutside(error.message), { cause: error });
  }
}

/** Requests the image. */
function order(
  kit: KitSession,
  { name }: ContainerAccess,
  { pid }: SeenProcess,
  { waitMs }: InContainer,
  { progress, needsProgram }: ImageContext,
): Arriving {
  kit.order({ type: 'capture', pid, byAgent: false, waitMs, isWhole: needsProgram });
  let cost: CaptureCost | undefined;
  let leftOpen: string | null = null;
  const compressed = kit.result(
    (message) => {
      if (message.type === 'step') progress.stage(stepText(message.step, name));
    },
    (done) => {
      cost = done.cost;
      leftOpen = done.leftOpen ?? null;
    },
  );
  const named = (): string | null => (leftOpen === null ? null : `${name}: ${visible(leftOpen)}`);
  return { compressed, cost: () => came(cost), leftOpen: () => Promise.resolve(named()) };
}

/** Has the kit read the heap, and ends it. */
async function heapIn(
  kit: KitSession,
  { name }: ContainerAccess,
  { pid, waitMs }: InContainer,
  { progress }: CaptureContext,
): Promise<HeapAnswer> {
  try {
    const process = meantProcess(kit.found, pid, name);
    kit.order({ type: 'heap', pid: process.pid, waitMs });
    let answer: HeapAnswer | undefined;
    const nothing = kit.result(
      (message) => {
        if (message.type === 'step') progress.stage(stepText(message.step, name));
      },
      ({ heap, leftOpen = null }) => {
        const report = checkedReport(heap, name);
        answer = { report, leftOpen: leftOpen === null ? null : `${name}: ${visible(leftOpen)}` };
      },
    );
    await drained(nothing);
    const { report, leftOpen } = came(answer);
    const { noFigures } = report;
    if (noFigures === null) return { report, leftOpen };
    return { report: { ...report, noFigures: await kit.forOutside(noFigures) }, leftOpen };
  } finally {
    await kit.close();
  }
}

async function byAgent(
  kit: KitSession,
  { name }: ContainerAccess,
  { pid }: SeenProcess,
  { isolate }: InContainer,
  { progress }: CaptureContext,
): Promise<WrittenByAgent> {
  if (isolate !== undefined) {
    await kit.close();
    throw agentRefusal(name);
  }
  progress.stage(`the agent in ${name} is sent its signal`);
  kit.order({ type: 'capture', pid, byAgent: true });
  let result: CapturedByAgent | undefined;
  const compressed = kit.result(
    (message) => {
      if (message.type === 'said') progress.stage(visible(message.text));
      if (message.type === 'wrote') result = message.result;
    },
    () => undefined,
  );
  try {
    // The file's first bytes follow its description.
    const [, chunks] = await split(decompressed(compressed), 1);
    return { kind: 'written', pid, result: came(result), chunks, release: () => kit.close() };
  } catch (error) {
    await kit.close();
    throw error;
  }
}

/** Checked before anything is requested of the target: the reader knows x64, on any machine. */
function checkArchitecture(
  { platform, arch }: KitSession,
  { name }: ContainerAccess,
  mayRead: boolean,
): void {
  if ((process.platform === platform && process.arch === arch) || (mayRead && arch === 'x64')) return;
  throw new CommandError(
    'refused',
    `${name} is ${platform}-${arch} and this machine ${process.platform}-${process.arch}, which cannot develop its image: ` +
      'let it be developed there, --develop in-cluster, or store it, --image',
  );
}

async function here(kit: KitSession, { compressed, cost, leftOpen }: Arriving): Promise<CapturedImage> {
  try {
    const image = await readImage(decompressed(compressed));
    return { kind: 'image', image, cost, leftOpen, release: () => kit.close() };
  } catch (error) {
    await kit.close();
    throw error;
  }
}

/**
 * Keeps the compressed image in this process's memory until its pod is ready, so that the target does not
 * have to wait.
 */
async function developInCluster(
  kit: KitSession,
  arriving: Arriving,
  pod: PodTarget,
  cluster: ClusterOptions,
  { signal, progress, say }: CaptureContext,
): Promise<DevelopedElsewhere> {
  const { header, pieces } = await collected(arriving.compressed, progress).finally(() => kit.close());
  progress.stage('waiting for a pod to develop the image in');
  const place = await startDevelopingPod(pod, kit.found.surroundings, header, cluster, signal);
  try {
    say(`developing in ${place.access.name}`);
    const developing = await startKit(place.access, 'develop', [kit.found.surroundings.node], signal);
    developing.order({ type: 'develop' });
    const sent = developing.send(streamed(pieces));
    sent.catch(() => undefined); // the reply says why
    let developed: DevelopResult | undefined;
    const compressed = developing.result(
      (message) => {
        if (message.type === 'progress') showStep(progress, message.progress);
      },
      (done) => (developed = done.developed),
    );
    return {
      kind: 'developed',
      header,
      chunks: decompressed(compressed),
      developed: () => came(developed),
      cost: arriving.cost,
      leftOpen: arriving.leftOpen,
      release: async () => {
        await developing.close();
        await place.remove();
      },
    };
  } catch (error) {
    await place.remove();
    throw error;
  }
}

async function collected(
  compressed: AsyncIterable<Uint8Array>,
  progress: ProgressLine,
): Promise<{ header: ImageHeader; pieces: Uint8Array[] }> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  async function* kept(): AsyncGenerator<Uint8Array> {
    for await (const piece of compressed) {
      pieces.push(Buffer.from(piece));
      bytes += piece.length;
      progress.show(`the image is coming: ${formatBytes(bytes)} compressed`, null);
      yield piece;
    }
  }
  const { header, chunks } = await readImage(decompressed(kept()));
  await drained(chunks);
  return { header, pieces };
}

async function drained(chunks: AsyncIterable<unknown>): Promise<void> {
  const all = chunks[Symbol.asyncIterator]();
  while ((await all.next()).done !== true);
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream by its type
async function* streamed(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function came<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it has not come in yet');
  return value;
}
