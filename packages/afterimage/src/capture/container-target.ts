/** A Node.js process in a container: of a pod, or of the machine's own docker or podman. */
import type { ContainerAccess } from '../container/access.js';
import { startKit } from '../container/kit-session.js';
import { podAccess, type ClusterOptions } from '../container/kubectl.js';
import { chooseProcess, containerLines, podLines } from '../container/playbook.js';
import type { PodTarget } from '../container/pods.js';
import { sanitiseName } from '@afterimage/agent/application-name';
import type { CapturedImage } from './captured-image.js';
import { stepText } from './local-target.js';
import type { CaptureTarget, Watching } from './target.js';

export interface InContainer {
  /** Which process in the container, by its id there. */
  pid: number | undefined;
  /** Where Node.js is in the container. */
  node: string | undefined;
}

export function podTarget(pod: PodTarget, cluster: ClusterOptions, where: InContainer): CaptureTarget {
  const access = podAccess({ ...cluster, namespace: pod.namespace }, pod.pod, pod.container);
  const nodes = pod.command.slice(0, 1).filter((program) => /(^|\/)node(js)?$/.test(program));
  return {
    name: access.name,
    fileName: sanitiseName(pod.pod),
    capture: (watching) =>
      captureThrough(access, nodes, where, watching, (process, memory) => podLines(pod, process, memory)),
  };
}

export type ContainerTool = 'docker' | 'podman';

export function containerTarget(tool: ContainerTool, container: string, where: InContainer): CaptureTarget {
  const access = { name: `container ${container}`, program: tool, arguments: ['exec', '-i', container] };
  return {
    name: access.name,
    fileName: sanitiseName(container),
    capture: (watching) => captureThrough(access, [], where, watching, containerLines),
  };
}

async function captureThrough(
  access: ContainerAccess,
  nodes: readonly string[],
  { pid, node }: InContainer,
  { signal, onStage, say }: Watching,
  describe: typeof containerLines,
): Promise<CapturedImage> {
  onStage(`reaching ${access.name}`);
  const kit = await startKit(access, node === undefined ? nodes : [node], signal);
  try {
    const process = chooseProcess(kit.found.processes, pid, access.name);
    for (const line of describe(process, kit.found.memory)) say(line);
    return await kit.capture(process.pid, (step) => onStage(stepText(step, access.name)));
  } catch (error) {
    await kit.close();
    throw error;
  }
}
