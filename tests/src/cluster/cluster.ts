/** Puts the cluster together: its objects, the API server over them, the containers of its pods, and kubectl. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startApiServer, user, type AuditEvent, type PodActions } from './api-server.js';
import { newClusterDirectory, removeClusterDirectory, removeLeftovers } from './cluster-directory.js';
import { cgroupsMissing } from './container-cgroup.js';
import { noFaults, type Faults } from './faults.js';
import { keepPod, type KeptPod, type Surroundings } from './kubelet.js';
import {
  kubeconfig,
  kubectlDirectory,
  runKubectl,
  type KubectlOptions,
  type KubectlResult,
  type KubectlVersion,
} from './kubectl.js';
import { createObjectStore, type ObjectStore } from './object-store.js';
import { newMetadata, type PodObject } from './objects.js';
import { imageFor, manifestOf, type PodSettings } from './pod-manifest.js';
import { isReady, shortStatus } from './pod-status.js';
import { podOf, type Pod } from './pod.js';
import type { Image } from './root-file-system.js';
import { joinWorkload } from './workloads.js';
import { PATIENCE_MS } from '../patience.js';

export interface Cluster {
  /** For programs that call kubectl: PATH, KUBECONFIG, and what else it needs. */
  env: Record<string, string>;
  /** What the API server was asked, in order. */
  auditLog: AuditEvent[];
  /** To be set by tests; at first, nothing goes wrong. */
  faults: Faults;
  /** Makes the image known that pods can name. */
  addImage(image: Image): void;
  /**
   * Resolves when the pod is ready.
   * @throws with the pod's output if it has ended before, or is not ready within two minutes
   */
  addPod(settings: PodSettings): Promise<Pod>;
  /**
   * Returns an existing pod.
   * @throws if it does not exist
   */
  pod(name: string, namespace?: string): Pod;
  /** Resolves when kubectl has ended, successfully or not. */
  kubectl(args: string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Removes everything. */
  close(): Promise<void>;
}

const readyWithinMs = PATIENCE_MS;

/** Undefined if a cluster can be started, otherwise the reason why not. */
export function clusterMissing(): string | undefined {
  if (process.geteuid?.() !== 0) return 'containers in tests need root';
  return cgroupsMissing();
}

/**
 * Starts a cluster. The server runs in the calling process, so a call of kubectl must not block it.
 * @param options the version of kubectl
 */
export async function startCluster(options: { kubectl?: KubectlVersion } = {}): Promise<Cluster> {
  await removeLeftovers();
  const directory = newClusterDirectory();
  const images = new Map<string, Image>();
  const kept = new Map<PodObject, KeptPod>();
  const store = createObjectStore();
  const faults = noFaults();
  const pods = podActions(store, kept, surroundingsIn(directory, images, store, faults));
  const server = await startApiServer(store, pods, faults);
  const configFile = join(directory, 'kubeconfig');
  writeFileSync(configFile, kubeconfig(server.url, user, 'default'));
  const env = {
    PATH: `${await kubectlDirectory(options.kubectl ?? 33)}:${process.env['PATH'] ?? ''}`,
    KUBECONFIG: configFile,
    KUBECACHEDIR: join(directory, 'kubectl-cache'),
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true', // kubectl 1.29 and 1.30 want to be asked
  };

  const pod = (name: string, namespace = 'default'): Pod => {
    const object = store.get('pods', namespace, name) as PodObject | undefined;
    const keptPod = object && kept.get(object);
    if (keptPod === undefined) throw new Error(`there is no pod ${namespace}/${name}`);
    return podOf(object as PodObject, keptPod);
  };
  const addPod = async (settings: PodSettings): Promise<Pod> => {
    const { name, namespace = 'default', owner } = settings;
    addNamespace(store, namespace);
    const image = imageFor(settings);
    images.set(image.name, image);
    const labels = settings.labels ?? { app: owner?.name ?? name };
    const ownership = owner && joinWorkload(store, owner, namespace, labels);
    const object = manifestOf(settings, image.name, ownership?.labels ?? labels, ownership?.ownerReferences);
    pods.create(object);
    const added = pod(name, namespace);
    await untilReady(store, object, added);
    return added;
  };
  return {
    env,
    auditLog: server.auditLog,
    faults,
    addImage: (image) => images.set(image.name, image),
    addPod,
    pod,
    kubectl: (args, kubectlOptions) => runKubectl(env, args, kubectlOptions),
    close: async () => {
      await Promise.all([...kept.values()].map((each) => each.remove(0)));
      await server.close();
      await removeClusterDirectory(directory);
    },
  };
}

function surroundingsIn(
  directory: string,
  images: Map<string, Image>,
  store: ObjectStore,
  faults: Faults,
): Surroundings {
  let containers = 0;
  return {
    directory,
    imageOf: (name) => images.get(name),
    unschedulable: () => faults.unschedulable,
    // The directory's name is unique on the machine.
    newContainerId: (podName) => `${basename(directory)}-${++containers}-${podName}`,
    changed: (pod) => store.put('pods', pod),
  };
}

function podActions(
  store: ObjectStore,
  kept: Map<PodObject, KeptPod>,
  surroundings: Surroundings,
): PodActions {
  const keptOf = (pod: PodObject): KeptPod => {
    const found = kept.get(pod);
    if (found === undefined) throw new Error(`pod ${pod.metadata.name} is removed`);
    return found;
  };
  return {
    create: (pod) => {
      kept.set(pod, keepPod(surroundings, pod));
      store.put('pods', pod);
    },
    remove: async (pod, graceSeconds) => {
      await keptOf(pod).remove(graceSeconds);
      kept.delete(pod);
      store.remove('pods', pod);
    },
    exec: (pod, command, stdin) => {
      const { running } = keptOf(pod);
      if (running === undefined) throw new Error(`the container of pod ${pod.metadata.name} does not run`);
      return running.container.exec(command, stdin);
    },
    log: (pod) => keptOf(pod).log(),
  };
}

function addNamespace(store: ObjectStore, name: string): void {
  if (store.get('namespaces', '', name) !== undefined) return;
  const { uid = '', creationTimestamp = '' } = newMetadata({ name }, '');
  store.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid, creationTimestamp },
  });
}

async function untilReady(store: ObjectStore, { metadata }: PodObject, pod: Pod): Promise<void> {
  const { promise, resolve, reject } = withResolvers();
  const fail = (why: string): void =>
    reject(new Error(`pod ${pod.name} ${why}: ${JSON.stringify(pod.status())}\n${pod.log()}`));
  const timer = setTimeout(() => fail(`is not ready within ${readyWithinMs} ms`), readyWithinMs);
  const stop = store.watch(0, ({ object }) => {
    if (object.metadata.uid !== metadata.uid) return;
    const state = shortStatus(object as PodObject);
    if (isReady(object as PodObject)) resolve();
    else if (!['ContainerCreating', 'Running', 'Pending'].includes(state))
      fail(`does not become ready, but ${state}`);
  });
  await promise.finally(() => {
    clearTimeout(timer);
    stop();
  });
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
}
