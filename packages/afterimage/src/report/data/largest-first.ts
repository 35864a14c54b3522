/** A queue that returns the largest first: a binary heap. */

export interface LargestFirst<T> {
  push(item: T): void;
  pop(): T | undefined;
}

export function largestFirst<T>(sizeOf: (item: T) => number): LargestFirst<T> {
  const heap: T[] = [];

  function isLarger(a: number, b: number): boolean {
    return sizeOf(heap[a]) > sizeOf(heap[b]);
  }

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [heap[b], heap[a]];
  }

  return {
    push(item) {
      let at = heap.push(item) - 1;
      for (let above = (at - 1) >> 1; at > 0 && isLarger(at, above); above = (at - 1) >> 1) {
        swap(at, above);
        at = above;
      }
    },
    pop() {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return last;
      const largest = heap[0];
      heap[0] = last;
      for (let at = 0; ;) {
        let child = 2 * at + 1;
        if (child + 1 < heap.length && isLarger(child + 1, child)) child++;
        if (child >= heap.length || !isLarger(child, at)) return largest;
        swap(child, at);
        at = child;
      }
    },
  };
}
