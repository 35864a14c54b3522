/** Pods in the words of tests, and the same in Kubernetes' words. */
import { basename } from 'node:path';
import type { NodeBinary } from '../nodes.js';
import { newMetadata, type Metadata, type PodObject, type ReadinessProbe } from './objects.js';
import { firstStatus } from './pod-status.js';
import type { Image } from './root-file-system.js';

export interface PodSettings {
  name: string;
  /** `default` by default. */
  namespace?: string;
  /** `app`, with the name of its owner or its own, by default. */
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Made when it is not there yet; a Deployment with its ReplicaSet. */
  owner?: { kind: 'Deployment' | 'StatefulSet'; name: string };
  /** The Node version it runs on; 24 by default. */
  node?: NodeBinary['major'] | NodeBinary;
  nodePath?: string;
  /** Copied to `/app` and run by Node as PID 1. */
  script: string;
  /** Flags for Node, before the script. */
  nodeArgs?: string[];
  scriptArgs?: string[];
  /** More files and directories to copy, by their place in the container. */
  files?: Record<string, string>;
  tmp?: Image['tmp'];
  /** As in Kubernetes: `300Mi`, `500m`. */
  memoryLimit?: string;
  cpuLimit?: string;
  /** 10001 by default. */
  uid?: number;
  readOnlyRoot?: boolean;
  readinessProbe?: ReadinessProbe;
  env?: Record<string, string>;
  /** `Always` by default. */
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
}

/** The image with the pod's script in it, by a name that no other pod's has. */
export function imageFor(settings: PodSettings): Image {
  const {
    name,
    namespace = 'default',
    node = 24,
    nodePath,
    nodeArgs = [],
    script,
    scriptArgs = [],
  } = settings;
  const place = `/app/${basename(script)}`;
  return {
    name: `registry.example/${namespace}/${name}:1`,
    node,
    ...(nodePath !== undefined && { nodePath }),
    ...(settings.tmp !== undefined && { tmp: settings.tmp }),
    args: [...nodeArgs, place, ...scriptArgs],
    files: { ...settings.files, [place]: script },
  };
}

export function manifestOf(
  settings: PodSettings,
  image: string,
  labels: Record<string, string>,
  ownerReferences: Metadata['ownerReferences'],
): PodObject {
  const { name, namespace = 'default', annotations, memoryLimit, cpuLimit, uid, readinessProbe } = settings;
  const limits = {
    ...(memoryLimit !== undefined && { memory: memoryLimit }),
    ...(cpuLimit !== undefined && { cpu: cpuLimit }),
  };
  const metadata = {
    name,
    labels,
    ...(annotations !== undefined && { annotations }),
    ...(ownerReferences !== undefined && { ownerReferences }),
  };
  const containerName = 'app';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: newMetadata(metadata, namespace),
    spec: {
      restartPolicy: settings.restartPolicy ?? 'Always',
      containers: [
        {
          name: containerName,
          image,
          env: Object.entries(settings.env ?? {}).map(([variable, value]) => ({ name: variable, value })),
          resources: { limits },
          securityContext: {
            ...(uid !== undefined && { runAsUser: uid }),
            readOnlyRootFilesystem: settings.readOnlyRoot ?? false,
          },
          ...(readinessProbe !== undefined && { readinessProbe }),
        },
      ],
    },
    status: firstStatus(containerName, image),
  };
}
