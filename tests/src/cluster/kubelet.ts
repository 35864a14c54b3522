/**
 * The kubelet's part: starts a pod's container, restarts it when it ends, probes its readiness, ends it at
 * its deadline, and keeps the status in the pod's object.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startContainer, type Container, type ContainerEnd } from './container.js';
import { now, type ContainerState, type ContainerStatus, type PodObject, type PodStatus } from './objects.js';
import { enterNetwork, type PodNetwork } from './pod-network.js';
import { containerOf, settingsOf } from './pod-settings.js';
import { conditions, endReason, firstStatus, restarts, unscheduledStatus } from './pod-status.js';
import { watchReadiness, type ReadinessWatch } from './readiness.js';
import type { Image } from './root-file-system.js';

/** What the kubelet needs of the cluster. */
export interface Surroundings {
  /** Of all containers of the cluster. */
  directory: string;
  imageOf(name: string): Image | undefined;
  /** Why there is no node for another pod; undefined when there is. */
  unschedulable(): string | undefined;
  /** A name that no other container on this machine has. */
  newContainerId(podName: string): string;
  /** Called after each change of a pod's object. */
  changed(pod: PodObject): void;
}

export interface KeptPod {
  /** Undefined while none runs. */
  readonly running: { container: Container; network: PodNetwork } | undefined;
  /** Readiness probes that failed after one had succeeded. */
  readonly readinessFailures: readonly string[];
  /** What its container has written until now, and the runs before it. */
  log(): string;
  /** Sends SIGTERM, then SIGKILL after this many seconds; resolves when nothing is left. */
  remove(graceSeconds: number): Promise<void>;
}

const firstBackoffMs = 10_000;
const longestBackoffMs = 300_000;
const defaultGraceSeconds = 30;
/** There is one. */
const nodeName = 'node-1';

/** Starts the pod; what becomes of it, its status says. */
export function keepPod(surroundings: Surroundings, object: PodObject): KeptPod {
  const spec = containerOf(object);
  const directory = join(surroundings.directory, 'pods', object.metadata.uid ?? object.metadata.name);
  const stopping = new AbortController();
  const readinessFailures: string[] = [];
  const networks: PodNetwork[] = []; // of each run: a load goes on when the server has gone, and fails
  let running: { container: Container; network: PodNetwork } | undefined;
  let readiness: ReadinessWatch | undefined;
  let logOfRunsBefore = '';
  let deadlineExceeded = false;
  object.status = firstStatus(spec.name, spec.image);
  const status = object.status.containerStatuses[0] as ContainerStatus;

  const update = (change: { phase?: PodStatus['phase']; ready?: boolean; state?: ContainerState }): void => {
    object.status.phase = change.phase ?? object.status.phase;
    status.state = change.state ?? status.state;
    if (change.ready !== undefined && change.ready !== status.ready) {
      status.ready = change.ready;
      object.status.conditions = conditions(change.ready);
    }
    surroundings.changed(object);
  };

  const isStopping = (): boolean => stopping.signal.aborted;

  const run = async (): Promise<void> => {
    const unschedulable = surroundings.unschedulable();
    if (unschedulable !== undefined) {
      object.status = unscheduledStatus(unschedulable);
      surroundings.changed(object);
      return;
    }
    object.spec.nodeName = nodeName;
    const image = surroundings.imageOf(spec.image);
    if (image === undefined) {
      const message = `failed to pull and unpack image "${spec.image}": not found`;
      update({ state: { waiting: { reason: 'ErrImagePull', message } } });
      return;
    }
    let end = await runOnce(image);
    while (!isStopping() && restarts(object, end)) {
      await backOff();
      if (isStopping()) break;
      status.restartCount++;
      end = await runOnce(image);
    }
    finish(end);
  };

  const runOnce = async (image: Image): Promise<ContainerEnd> => {
    const id = surroundings.newContainerId(object.metadata.name);
    const container = await startContainer(surroundings.directory, id, settingsOf(object, image, directory));
    const network = enterNetwork(container.pid);
    networks.push(network);
    running = { container, network };
    const startedAt = now();
    status.containerID = `containerd://${id}`;
    status.started = true;
    const probe = spec.readinessProbe;
    update({ phase: 'Running', ready: probe === undefined, state: { running: { startedAt } } });
    if (probe !== undefined) readiness = watchReadiness(network, probe, (ready) => update({ ready }));
    if (isStopping()) await container.kill('KILL'); // told to stop before there was what to kill

    const end = await container.ended;
    running = undefined;
    readiness?.stop();
    readinessFailures.push(...(readiness?.failures ?? []));
    readiness = undefined;
    logOfRunsBefore += container.log();
    container.forget();
    const { exitCode } = end;
    const times = { startedAt, finishedAt: now() };
    const terminated = { exitCode, reason: endReason(end), ...times, containerID: status.containerID };
    status.started = false;
    status.lastState = { terminated };
    update({ ready: false, state: { terminated } });
    return end;
  };

  /** At once after the first end, then after 10 s, 20 s and so on. */
  const backOff = async (): Promise<void> => {
    if (status.restartCount === 0) return;
    update({ state: { waiting: { reason: 'CrashLoopBackOff' } } });
    const waitMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (status.restartCount - 1));
    await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  };

  const finish = ({ exitCode }: ContainerEnd): void => {
    if (deadlineExceeded) {
      object.status.reason = 'DeadlineExceeded';
      object.status.message = 'Pod was active on the node longer than the specified deadline';
    }
    update({ phase: exitCode === 0 && !deadlineExceeded ? 'Succeeded' : 'Failed', ready: false });
  };

  const stop = async (graceSeconds: number): Promise<void> => {
    stopping.abort();
    if (running !== undefined && graceSeconds > 0) {
      await running.container.kill('TERM');
      await within(graceSeconds * 1000, ended);
    }
    await running?.container.kill('KILL');
    await ended;
  };

  const ended = run().catch((error: unknown) => {
    // Usually a missing program. A kubelet would retry; no test waits for that.
    const { message } = error as Error;
    const terminated = { exitCode: 128, reason: 'StartError', message, startedAt: now(), finishedAt: now() };
    update({ phase: 'Failed', ready: false, state: { terminated } });
  });
  const { activeDeadlineSeconds, terminationGracePeriodSeconds = defaultGraceSeconds } = object.spec;
  const deadline =
    activeDeadlineSeconds &&
    setTimeout(() => {
      deadlineExceeded = true;
      void stop(terminationGracePeriodSeconds);
    }, activeDeadlineSeconds * 1000);
  void ended.then(() => clearTimeout(deadline));

  return {
    get running() {
      return running;
    },
    get readinessFailures() {
      return [...readinessFailures, ...(readiness?.failures ?? [])];
    },
    log: () => logOfRunsBefore + (running?.container.log() ?? ''),
    remove: async (graceSeconds) => {
      await stop(graceSeconds);
      await Promise.all(networks.map((network) => network.close()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves with `promise`, but when so many milliseconds have passed at the latest. */
async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  const settled = new AbortController();
  const passed = pause(milliseconds, undefined, { signal: settled.signal }).catch(() => undefined);
  await Promise.race([promise, passed]);
  settled.abort();
}
