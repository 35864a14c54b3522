/**
 * Descriptors held back for a capture, because a server that leaks them is the one most worth capturing.
 * They are given back right before a step of a capture needs some, and taken again after it.
 */
import { closeSync, fstatSync } from 'node:fs';
import { codeOf } from '@afterimage/host/errors';
import type { Addon } from '@afterimage/image/native-part';

/** As seen in /proc/PID/fd: `/memfd:` and this. */
const RESERVE_NAME = 'afterimage-reserve';

/** What the busiest step needs: six files of /proc and of cgroups that are read side by side, with some to spare. */
export const RESERVED_DESCRIPTORS = 10;

/** Of these the capture itself keeps while it runs: the pipe's end, the collector's socket, its text. */
export const CAPTURE_DESCRIPTORS = 3;

export interface Reserve {
  /**
   * Runs one step of a capture with the reserve at its disposal. Steps do not overlap.
   * @param kept how many descriptors the capture holds open after the step
   */
  during<T>(step: () => T | Promise<T>, kept?: number): Promise<T>;
  /** Takes what is missing, as far as the application leaves some. */
  refill(): void;
  close(): void;
}

/** @param addon null where there is no native part: then nothing is held back */
export function holdReserve(addon: Addon | null): Reserve {
  if (addon === null)
    return { during: async (step) => step(), refill: () => undefined, close: () => undefined };
  let held: number[] = [];
  let identity = '';
  let wanted = RESERVED_DESCRIPTORS;
  let lent = false;

  const take = (): void => {
    try {
      if (held.length === 0 && wanted > 0) {
        const first = addon.memory(RESERVE_NAME);
        const own = identityOf(first);
        if (own === null) closeSync(first);
        else [held, identity] = [[first], own];
      }
      while (held.length > 0 && held.length < wanted) held.push(addon.duplicate(held[0] ?? -1));
    } catch {
      // The application has the rest. What is missing is taken when it closes some.
    }
  };
  const give = (): void => {
    // Of what cannot be told, nothing is closed and nothing forgotten.
    const kept = held.filter((descriptor) => identityOf(descriptor) === null);
    for (const descriptor of held) if (identityOf(descriptor) === identity) closeSync(descriptor);
    held = kept;
  };
  take();
  return {
    during: async (step, kept = 0) => {
      lent = true;
      give();
      try {
        return await step();
      } finally {
        lent = false;
        wanted = RESERVED_DESCRIPTORS - kept;
        take();
      }
    },
    refill: () => {
      if (!lent) take();
    },
    close: () => {
      wanted = 0;
      give();
    },
  };
}

/**
 * Code that closes descriptors which are not its own must not make this close what came in their place.
 * @returns null where the kernel does not say
 */
function identityOf(descriptor: number): string | null {
  try {
    const { ino, dev } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch (error) {
    return codeOf(error) === 'EBADF' ? 'closed' : null;
  }
}
