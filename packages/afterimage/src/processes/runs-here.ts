/** Whether the process of a snapshot still runs on this machine, under the ID that it had for itself. */
import { readStatus, startedAt } from '@afterimage/host/process-status';
import { looksLikeNode } from './node-version.js';

/**
 * Returns false if the process has ended, or if the ID is that of another process: one in a container knows itself by another ID
 * than this machine does.
 * @param capturedAt when its heap was captured, ISO 8601
 */
export async function runsHere(pid: number, capturedAt: string): Promise<boolean> {
  const [status, since] = await Promise.all([readStatus(pid), startedAt(pid)]);
  if (status === null || since === null || status.namespacePids.length > 1) return false;
  return since < Date.parse(capturedAt) && (await looksLikeNode(pid));
}
