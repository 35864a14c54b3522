/**
 * A temporary pod for developing one image, made from the target's own container image: its Node.js runs the
 * kit, with enough memory for developing. It is removed afterwards, and otherwise ends by itself.
 */
import { formatBytes } from '@afterimage/host/format';
import { developNeedBytes, sizeOf, type ImageHeader } from '@afterimage/image/read';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Surroundings } from '../kit/protocol.js';
import { CommandError } from '../cli/command-error.js';
import { kubectl, kubectlArguments, kubectlJson, podAccess, type ClusterOptions } from './kubectl.js';
import type { ContainerAccess } from './access.js';
import type { PodTarget } from './pods.js';

export interface DevelopingPod {
  access: ContainerAccess;
  remove(): Promise<void>;
}

interface PodStatus {
  status: {
    phase?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: { ready?: boolean; state?: { waiting?: { reason?: string; message?: string } } }[];
  };
}

const CONTAINER = 'develop';
/** How long the cluster may take to schedule it, pull the image and start it. */
const READY_MS = 180_000;
const POLL_MS = 500;
/** It ends by itself after this time, even if this command is gone. */
const MAX_S = 3_600;
/** Node.js itself, and what the kit buffers. */
const KIT_BYTES = 300e6;

/**
 * Starts the pod.
 * @throws {CommandError} if the cluster does not run it
 */
export async function startDevelopingPod(
  target: PodTarget,
  { node, uid, gid }: Surroundings,
  header: ImageHeader,
  cluster: ClusterOptions,
  signal: AbortSignal,
): Promise<DevelopingPod> {
  const name = `afterimage-develop-${randomBytes(4).toString('hex')}`;
  const memory = Math.ceil((developNeedBytes(sizeOf(header)) + KIT_BYTES) / 2 ** 20);
  const where = { ...cluster, namespace: target.namespace };
  const manifest = podManifest(target, name, node, uid, gid, memory);
  const what = `pod ${name} with ${formatBytes(memory * 2 ** 20)}`;
  const remove = async (): Promise<void> => {
    const how = ['--ignore-not-found', '--wait=false', '--grace-period=1'];
    await kubectl(['delete', 'pod', name, ...how, ...kubectlArguments(where)], `removing ${what}`);
  };
  try {
    await create(where, what, manifest);
    await untilReady(where, name, what, signal);
    return { access: podAccess(where, name, CONTAINER), remove };
  } catch (error) {
    // Ctrl-C ends kubectl too, perhaps after it has created the pod.
    await remove().catch(() => undefined);
    throw error;
  }
}

async function create(cluster: ClusterOptions, what: string, manifest: object): Promise<void> {
  const input = JSON.stringify(manifest);
  await kubectlJson(cluster, what, ['create', '-f', '-'], input).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    const advice = '; developing in the cluster needs pods: create and delete as well';
    throw new CommandError(error.failure, error.message + advice, { cause: error });
  });
}

function podManifest(
  { image, namespace, spec }: PodTarget,
  name: string,
  node: string,
  uid: number,
  gid: number,
  memoryMiB: number,
): object {
  const { imagePullSecrets, nodeSelector, tolerations } = spec;
  const memory = `${memoryMiB}Mi`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'afterimage' } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: MAX_S,
      automountServiceAccountToken: false,
      ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
      ...(tolerations === undefined ? {} : { tolerations }),
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: CONTAINER,
          image,
          imagePullPolicy: 'IfNotPresent',
          // It only waits; an exec brings and runs the kit, as in the target.
          command: [node, '-e', `setTimeout(() => undefined, ${MAX_S * 1000})`],
          resources: { requests: { memory }, limits: { memory } },
          securityContext: {
            runAsUser: uid,
            runAsGroup: gid,
            ...(uid === 0 ? {} : { runAsNonRoot: true }),
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  };
}

async function untilReady(
  cluster: ClusterOptions,
  name: string,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  let seen = 'Pending';
  while (performance.now() - started < READY_MS) {
    const { status } = (await kubectlJson(cluster, what, ['get', 'pod', name])) as PodStatus;
    const waiting = status.containerStatuses?.at(0)?.state?.waiting;
    const unscheduled = status.conditions?.find(
      ({ type, status }) => type === 'PodScheduled' && status === 'False',
    );
    if (status.containerStatuses?.at(0)?.ready === true) return;
    seen = [status.phase, waiting?.reason, waiting?.message, unscheduled?.reason, unscheduled?.message]
      .filter((text) => text !== undefined)
      .join(': ');
    if (status.phase === 'Failed' || status.phase === 'Succeeded') break;
    await pause(POLL_MS, undefined, { signal });
  }
  throw new CommandError(
    'failed',
    `${what} did not start (${seen}): does a node have that much memory? Or store the image with --image and develop it elsewhere`,
  );
}
