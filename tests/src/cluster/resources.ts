/** What the API server serves: the documents by which kubectl discovers it, and its tables for people. */
import type { KubeObject, PodObject, WorkloadObject } from './objects.js';
import { isReady, shortStatus } from './pod-status.js';

export interface Resource {
  /** In the plural, as in paths. */
  name: string;
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
  shortNames: string[];
  /** What `kubectl get` shows after the name and before the age. */
  columns: Record<string, (object: KubeObject) => string>;
}

const readyOfAll = ({ status, spec }: WorkloadObject): string => `${status.readyReplicas}/${spec.replicas}`;

export const resources: readonly Resource[] = [
  {
    name: 'namespaces',
    kind: 'Namespace',
    group: '',
    version: 'v1',
    namespaced: false,
    shortNames: ['ns'],
    columns: { Status: () => 'Active' },
  },
  {
    name: 'pods',
    kind: 'Pod',
    group: '',
    version: 'v1',
    namespaced: true,
    shortNames: ['po'],
    columns: {
      Ready: (pod) => `${isReady(pod as PodObject) ? 1 : 0}/1`,
      Status: (pod) => shortStatus(pod as PodObject),
      Restarts: (pod) => String((pod as PodObject).status.containerStatuses[0]?.restartCount ?? 0),
    },
  },
  workload('Deployment', 'deploy', { Ready: (each) => readyOfAll(each as WorkloadObject) }),
  workload('StatefulSet', 'sts', { Ready: (each) => readyOfAll(each as WorkloadObject) }),
  workload('ReplicaSet', 'rs', { Ready: (each) => readyOfAll(each as WorkloadObject) }),
];

function workload(kind: string, shortName: string, columns: Resource['columns']): Resource {
  const name = `${kind.toLowerCase()}s`;
  return { name, kind, group: 'apps', version: 'v1', namespaced: true, shortNames: [shortName], columns };
}

const authorization = { name: 'authorization.k8s.io', version: 'v1' };
const verbs = ['create', 'delete', 'get', 'list', 'watch'];

/** The answer to a path of discovery; undefined for any other path. */
export function discovery(path: string): unknown {
  return documents[path];
}

const documents: Record<string, unknown> = {
  '/version': { major: '1', minor: '33', gitVersion: 'v1.33.0', platform: 'linux/amd64' },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [{ name: 'apps', version: 'v1' }, authorization].map(({ name, version }) => {
      const offered = { groupVersion: `${name}/${version}`, version };
      return { name, versions: [offered], preferredVersion: offered };
    }),
  },
  '/api/v1': resourceList('v1', [
    ...entriesOf(''),
    {
      name: 'pods/exec',
      singularName: '',
      namespaced: true,
      kind: 'PodExecOptions',
      verbs: ['create', 'get'],
    },
    { name: 'pods/log', singularName: '', namespaced: true, kind: 'Pod', verbs: ['get'] },
  ]),
  '/apis/apps/v1': resourceList('apps/v1', entriesOf('apps')),
  '/apis/authorization.k8s.io/v1': resourceList('authorization.k8s.io/v1', [
    {
      name: 'selfsubjectaccessreviews',
      singularName: '',
      namespaced: false,
      kind: 'SelfSubjectAccessReview',
      verbs: ['create'],
    },
  ]),
  // Before kubectl creates a pod, it asks here whether the server checks the fields by itself.
  '/openapi/v3': { paths: { 'api/v1': { serverRelativeURL: '/openapi/v3/api/v1' } } },
  '/openapi/v3/api/v1': {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths: {
      '/api/v1/namespaces/{namespace}/pods/{name}': {
        patch: {
          parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
          'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Pod' },
        },
      },
    },
  },
};

function resourceList(groupVersion: string, listed: unknown[]): unknown {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: listed };
}

function entriesOf(group: string): unknown[] {
  return resources
    .filter((resource) => resource.group === group)
    .map(({ name, kind, namespaced, shortNames }) => {
      return { name, singularName: kind.toLowerCase(), namespaced, kind, verbs, shortNames };
    });
}

/** What kubectl asks for in order to show it: rows of cells. */
export function tableOf({ columns }: Resource, objects: KubeObject[], version: number): unknown {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: String(version) },
    columnDefinitions: ['Name', ...Object.keys(columns), 'Age'].map((name) => {
      return { name, type: 'string', format: name === 'Name' ? 'name' : '', description: '', priority: 0 };
    }),
    rows: objects.map((object) => {
      const cells = Object.values(columns).map((cell) => cell(object));
      const { metadata } = object;
      return {
        cells: [metadata.name, ...cells, ageOf(metadata.creationTimestamp)],
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
      };
    }),
  };
}

function ageOf(creationTimestamp = ''): string {
  return `${Math.round((Date.now() - Date.parse(creationTimestamp)) / 1000)}s`;
}
