/** From what a pod's manifest asks for to what its container gets. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSettings, Mount } from './container-config.js';
import { amount, type ContainerSpec, type PodObject } from './objects.js';
import { defaultNodePath, defaultUid, type Image } from './root-file-system.js';

/**
 * @param directory of the pod's own, for its volumes
 * @throws when a quantity is none or a volume is not there
 */
export function settingsOf(pod: PodObject, image: Image, directory: string): ContainerSettings {
  const container = containerOf(pod);
  const { memory, cpu } = container.resources?.limits ?? {};
  const command = commandOf(container, image);
  return {
    image,
    hostname: pod.metadata.name,
    ...(command !== undefined && { command }),
    env: Object.fromEntries((container.env ?? []).map(({ name, value = '' }) => [name, value])),
    uid: container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser ?? defaultUid,
    ...(memory !== undefined && { memoryLimit: amount(memory) }),
    ...(cpu !== undefined && { cpuLimit: amount(cpu) }),
    readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? false,
    mounts: mountsOf(pod, container, directory),
  };
}

/** Pods of the test bed have one container. */
export function containerOf({ spec: { containers }, metadata }: PodObject): ContainerSpec {
  const [container, ...others] = containers;
  if (container === undefined || others.length > 0) {
    throw new Error(
      `pod ${metadata.name} has ${containers.length} containers: the test bed runs pods of one`,
    );
  }
  return container;
}

/** `command` takes the place of the image's program, `args` of its arguments. */
function commandOf({ command, args }: ContainerSpec, image: Image): string[] | undefined {
  if (command === undefined && args === undefined) return undefined;
  return [...(command ?? [image.nodePath ?? defaultNodePath]), ...(args ?? [])];
}

function mountsOf({ spec }: PodObject, { volumeMounts = [] }: ContainerSpec, directory: string): Mount[] {
  return volumeMounts.map(({ name, mountPath, readOnly = false }) => {
    const { emptyDir } = spec.volumes?.find((volume) => volume.name === name) ?? {};
    if (emptyDir === undefined) throw new Error(`volume ${name} is not there, or is no emptyDir`);
    const access = readOnly ? 'ro' : 'rw';
    if (emptyDir.medium === 'Memory') {
      const size = emptyDir.sizeLimit === undefined ? [] : [`size=${amount(emptyDir.sizeLimit)}`];
      return { destination: mountPath, options: [access, 'mode=0777', ...size] };
    }
    const source = join(directory, 'volumes', name);
    mkdirSync(source, { recursive: true });
    chmodSync(source, 0o777);
    return { destination: mountPath, source, options: [access] };
  });
}
