/** Which heap an image's own facts are about. */
import type { HeapFacts } from '@afterimage/image/facts';

/** The size of an isolate, which a heap is part of: its thread's stack has pointers into it. */
export const ISOLATE_BYTES = 1 << 16;

/** Whether the heap at an address is that of the isolate that captured. */
export function isHeapOf({ isolate }: HeapFacts, heapAddress: number): boolean {
  return heapAddress >= isolate && heapAddress < isolate + ISOLATE_BYTES;
}
