/**
 * Keeps descriptors in reserve for a capture, because a server that leaks them is the one most worth
 * capturing. They are released right before a step of a capture needs some, and acquired again afterwards.
 */
import { closeSync, fstatSync } from 'node:fs';
import { codeOf } from '@afterimage/host/errors';
import type { Addon } from '@afterimage/image/native-part';

/** In /proc/PID/fd it is called `/memfd:` and this name. */
const RESERVE_NAME = 'afterimage-reserve';

/** What the busiest step needs: six files of /proc and cgroups that are read in parallel, and a few more. */
export const RESERVED_DESCRIPTORS = 10;

/** How many of these the capture keeps while it runs: the pipe's end, the collector's socket, its text. */
export const CAPTURE_DESCRIPTORS = 3;

export interface Reserve {
  /**
   * Runs one step of a capture with the reserve released. Steps do not overlap.
   * @param kept how many descriptors the capture holds open after the step
   */
  during<T>(step: () => T | Promise<T>, kept?: number): Promise<T>;
  /** Acquires what is missing, as far as the application leaves some. */
  refill(): void;
  close(): void;
}

/**
 * Creates the reserve.
 * @param addon null if there is no native part: then nothing is reserved
 */
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
      // The application uses the rest. The missing ones are acquired when it closes some.
    }
  };
  const give = (): void => {
    // If a descriptor's identity is unknown, keep it: neither close nor forget it.
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
 * Identifies an open file, because other code may have closed a descriptor of ours by mistake, and the file
 * that has its number now must not be closed.
 * @returns null if the kernel does not say
 */
function identityOf(descriptor: number): string | null {
  try {
    const { ino, dev } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch (error) {
    return codeOf(error) === 'EBADF' ? 'closed' : null;
  }
}
