/** The objects of the cluster, each change of them numbered, so that a client can watch from any of them on. */
import type { KubeObject } from './objects.js';

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: string;
  version: number;
  object: KubeObject;
}

export interface ObjectStore {
  /** Of the last change. */
  readonly version: number;
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  /** By namespace and name. */
  list(resource: string): KubeObject[];
  /** Adds the object, or says that it has changed. */
  put(resource: string, object: KubeObject): void;
  remove(resource: string, object: KubeObject): void;
  /** Tells of all changes after `version`, those past included, until the returned function is called. */
  watch(version: number, listener: (change: Change) => void): () => void;
}

export function createObjectStore(): ObjectStore {
  const objects = new Map<string, KubeObject>();
  const changes: Change[] = [];
  const listeners = new Set<(change: Change) => void>();

  const changed = (type: Change['type'], resource: string, object: KubeObject): void => {
    const version = changes.length + 1;
    object.metadata.resourceVersion = String(version);
    const change = { type, resource, version, object: structuredClone(object) };
    changes.push(change);
    for (const listener of listeners) listener(change);
  };

  return {
    get version() {
      return changes.length;
    },
    get: (resource, namespace, name) => objects.get(key(resource, namespace, name)),
    list: (resource) =>
      [...objects.keys()]
        .filter((name) => name.startsWith(`${resource}/`))
        .sort()
        .flatMap((name) => objects.get(name) ?? []),
    put: (resource, object) => {
      const name = keyOf(resource, object);
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
      objects.set(name, object);
      changed(type, resource, object);
    },
    remove: (resource, object) => {
      if (objects.delete(keyOf(resource, object))) changed('DELETED', resource, object);
    },
    watch: (version, listener) => {
      for (const change of changes.slice(version)) listener(change);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function keyOf(resource: string, { metadata }: KubeObject): string {
  return key(resource, metadata.namespace ?? '', metadata.name);
}

function key(resource: string, namespace: string, name: string): string {
  return `${resource}/${namespace}/${name}`;
}
