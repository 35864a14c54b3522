/** The program's file of a target, which an image may leave out where it is developed at once. */
import { openSync } from 'node:fs';

/** Returns its descriptor; undefined where the kernel does not allow it: then the image must be whole. */
export function openProgram(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/exe`, 'r');
  } catch {
    return undefined;
  }
}
