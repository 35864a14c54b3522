/** What the progress line says at each step of attaching. */
import type { AttachStep } from '../attach/attach.js';

export function stepText(step: AttachStep, name: string): string {
  const texts: Record<AttachStep, string> = {
    queued: `another capture is attaching here: waiting for its end before ${name}`,
    waiting: `the main thread of ${name} is in native code: waiting for it to return`,
    attached: `attached to ${name}`,
    forked: `${name} is forked`,
    left: `${name} is left alone again, its image is coming`,
  };
  return texts[step];
}
