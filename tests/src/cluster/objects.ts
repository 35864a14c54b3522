/** Kubernetes objects, as far as the test bed knows them: https://kubernetes.io/docs/reference/kubernetes-api/ */
import { randomUUID } from 'node:crypto';

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: unknown;
  status?: unknown;
}

export interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  generateName?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller: boolean }[];
}

export interface PodObject extends KubeObject {
  kind: 'Pod';
  spec: PodSpec;
  status: PodStatus;
}

export interface PodSpec {
  containers: ContainerSpec[];
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  activeDeadlineSeconds?: number;
  terminationGracePeriodSeconds?: number;
  securityContext?: SecurityContext;
  volumes?: { name: string; emptyDir?: { medium?: string; sizeLimit?: string } }[];
  nodeName?: string;
}

export interface ContainerSpec {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
  resources?: { limits?: Resources; requests?: Resources };
  securityContext?: SecurityContext;
  readinessProbe?: ReadinessProbe;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

interface Resources {
  memory?: string;
  cpu?: string;
}

interface SecurityContext {
  runAsUser?: number;
  readOnlyRootFilesystem?: boolean;
}

export interface ReadinessProbe {
  httpGet: { path: string; port: number };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
}

export interface PodStatus {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  reason?: string;
  message?: string;
  startTime?: string;
  podIP?: string;
  conditions: Condition[];
  containerStatuses: ContainerStatus[];
}

interface Condition {
  type: string;
  status: 'True' | 'False';
  reason?: string;
  message?: string;
  lastTransitionTime: string;
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: {
    exitCode: number;
    reason: string;
    message?: string;
    startedAt: string;
    finishedAt: string;
    containerID?: string;
  };
}

/** A workload that owns pods, as far as it is looked at. */
export interface WorkloadObject extends KubeObject {
  spec: { replicas: number; selector: { matchLabels: Record<string, string> } };
  status: { replicas: number; readyReplicas: number; availableReplicas: number; updatedReplicas: number };
}

export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** What the API server adds to the metadata of an object that is created. */
export function newMetadata(given: Metadata, namespace: string): Metadata {
  return { ...given, namespace, uid: randomUUID(), creationTimestamp: now() };
}

const suffixes: Record<string, number> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/**
 * What a quantity like `300Mi` or `500m` amounts to.
 * @throws when it is none
 */
export function amount(quantity: string): number {
  const [, digits = '', suffix = ''] = /^([\d.]+)(\w*)$/.exec(quantity) ?? [];
  const factor = suffixes[suffix];
  if (digits === '' || factor === undefined) throw new Error(`${quantity} is no quantity`);
  return Number(digits) * factor;
}
