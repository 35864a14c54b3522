/** The words in which a pod's status says how it is. */
import type { ContainerEnd } from './container.js';
import { now, type ContainerStatus, type PodObject, type PodStatus } from './objects.js';

export function firstStatus(containerName: string, image: string): PodStatus {
  return {
    phase: 'Pending',
    startTime: now(),
    conditions: conditions(false),
    containerStatuses: [
      {
        name: containerName,
        image,
        imageID: '',
        ready: false,
        started: false,
        restartCount: 0,
        state: { waiting: { reason: 'ContainerCreating' } },
        lastState: {},
      },
    ],
  };
}

export function unscheduledStatus(message: string): PodStatus {
  const lastTransitionTime = now();
  return {
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime },
    ],
    containerStatuses: [],
  };
}

export function conditions(ready: boolean): PodStatus['conditions'] {
  const lastTransitionTime = now();
  const status = ready ? 'True' : 'False';
  return [
    { type: 'PodScheduled', status: 'True', lastTransitionTime },
    { type: 'Initialized', status: 'True', lastTransitionTime },
    { type: 'ContainersReady', status, lastTransitionTime },
    { type: 'Ready', status, lastTransitionTime },
  ];
}

export function isReady({ status }: PodObject): boolean {
  return status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

export function endReason({ exitCode, oomKilled }: ContainerEnd): string {
  if (oomKilled) return 'OOMKilled';
  return exitCode === 0 ? 'Completed' : 'Error';
}

/** As `kubectl get pods` has it in its column STATUS. */
export function shortStatus({ metadata, status }: PodObject): string {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const { waiting, terminated } = stateOf(status.containerStatuses[0]);
  return waiting?.reason ?? terminated?.reason ?? status.reason ?? status.phase;
}

/** Whether the kubelet starts the container again after this end. */
export function restarts(
  { spec: { restartPolicy = 'Always' } }: PodObject,
  { exitCode }: ContainerEnd,
): boolean {
  return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0);
}

function stateOf(status: ContainerStatus | undefined): ContainerStatus['state'] {
  return status?.state ?? {};
}
