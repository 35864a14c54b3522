/** Deployments, ReplicaSets and StatefulSets: owners of pods, without a controller that would create pods. */
import type { ObjectStore } from './object-store.js';
import { newMetadata, type KubeObject, type Metadata, type WorkloadObject } from './objects.js';

type OwnerReferences = NonNullable<Metadata['ownerReferences']>;

export interface Ownership {
  labels: Record<string, string>;
  ownerReferences: OwnerReferences;
}

/** As a Deployment's pods have it; its hash in the names of ReplicaSets. */
const templateHash = '6d4b75cb6d';

/** Adds one more pod with these labels to the workload, which is made when it is not there. */
export function joinWorkload(
  store: ObjectStore,
  { kind, name }: { kind: 'Deployment' | 'StatefulSet'; name: string },
  namespace: string,
  labels: Record<string, string>,
): Ownership {
  const owner = countOneMore(store, kind, { name, namespace }, labels);
  if (kind === 'StatefulSet') return { labels, ownerReferences: referenceTo(owner) };
  const withHash = { ...labels, 'pod-template-hash': templateHash };
  const metadata = { name: `${name}-${templateHash}`, namespace, ownerReferences: referenceTo(owner) };
  const replicaSet = countOneMore(store, 'ReplicaSet', metadata, withHash);
  return { labels: withHash, ownerReferences: referenceTo(replicaSet) };
}

function countOneMore(
  store: ObjectStore,
  kind: string,
  metadata: Metadata & { namespace: string },
  labels: Record<string, string>,
): WorkloadObject {
  const resource = `${kind.toLowerCase()}s`;
  const existing = store.get(resource, metadata.namespace, metadata.name) as WorkloadObject | undefined;
  const count = (existing?.spec.replicas ?? 0) + 1;
  const workload: WorkloadObject = {
    apiVersion: 'apps/v1',
    kind,
    metadata: existing?.metadata ?? newMetadata({ ...metadata, labels }, metadata.namespace),
    spec: { replicas: count, selector: existing?.spec.selector ?? { matchLabels: labels } },
    status: { replicas: count, readyReplicas: count, availableReplicas: count, updatedReplicas: count },
  };
  store.put(resource, workload);
  return workload;
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): OwnerReferences {
  return [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true }];
}
