/** Asks a pod whether it is ready, as the kubelet does: in its network, at its period, within its timeout. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ReadinessProbe } from './objects.js';
import type { PodNetwork } from './pod-network.js';

export interface ReadinessWatch {
  /** Probes that failed after one had succeeded, whether or not they were enough to lose readiness. */
  readonly failures: readonly string[];
  stop(): void;
}

/** Calls `changed` whenever the pod becomes ready or no longer is. */
export function watchReadiness(
  network: PodNetwork,
  probe: ReadinessProbe,
  changed: (ready: boolean) => void,
): ReadinessWatch {
  // The kubelet's defaults.
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe;
  const stopped = new AbortController();
  const failures: string[] = [];
  let ready = false;
  let wasReady = false;
  let failedInARow = 0;

  const succeeded = (): void => {
    failedInARow = 0;
    if (ready) return;
    ready = wasReady = true;
    changed(true);
  };
  const failed = (error: unknown): void => {
    if (wasReady) failures.push(String(error));
    if (++failedInARow < failureThreshold || !ready) return;
    ready = false;
    changed(false);
  };
  const ask = async (): Promise<void> => {
    const { path, port } = probe.httpGet;
    const { status } = await network.request({ path, port, method: 'GET', timeoutMs: timeoutSeconds * 1000 });
    if (status < 200 || status > 399) throw new Error(`HTTP probe failed with statuscode: ${status}`);
  };
  const keepAsking = async (): Promise<void> => {
    await pause(initialDelaySeconds * 1000, undefined, stopped);
    for (;;) {
      const next = pause(periodSeconds * 1000, undefined, stopped);
      next.catch(() => undefined);
      const outcome = await ask().then(
        () => succeeded,
        (error: unknown) => () => failed(error),
      );
      if (stopped.signal.aborted) return;
      outcome();
      await next;
    }
  };
  keepAsking().catch(() => undefined); // it was stopped
  return { failures, stop: () => stopped.abort() };
}
