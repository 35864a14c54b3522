/** Counts objects in some parts of a heap, and extrapolates to the whole. */

export interface Estimate {
  count: number;
  bytes: number;
  /** Variances of the count and of the bytes. */
  countVariance: number;
  bytesVariance: number;
}

export interface Tallies<Key> {
  /** Counts an object of the current part. */
  add: (key: Key, bytes: number) => void;
  /** Ends the current part. */
  endPart(): void;
  /**
   * Returns the estimates for the whole heap.
   * @param share the share of the whole that the randomly chosen parts make up
   */
  estimates(share: number): Map<Key, Estimate>;
}

interface Tally {
  partCount: number;
  partBytes: number;
  count: number;
  bytes: number;
  countSquares: number;
  bytesSquares: number;
}

export function tallies<Key>(): Tallies<Key> {
  const all = new Map<Key, Tally>();
  const inPart = new Set<Tally>();
  let done = 0;

  return {
    add: (key, bytes) => {
      let tally = all.get(key);
      if (tally === undefined) {
        tally = { partCount: 0, partBytes: 0, count: 0, bytes: 0, countSquares: 0, bytesSquares: 0 };
        all.set(key, tally);
      }
      if (tally.partCount++ === 0) inPart.add(tally);
      tally.partBytes += bytes;
    },
    endPart: () => {
      done++;
      for (const tally of inPart) {
        tally.count += tally.partCount;
        tally.bytes += tally.partBytes;
        tally.countSquares += tally.partCount ** 2;
        tally.bytesSquares += tally.partBytes ** 2;
        tally.partCount = 0;
        tally.partBytes = 0;
      }
      inPart.clear();
    },
    estimates: (share) => {
      const scale = 1 / share;
      const parts = done / share;
      // Variance of a sum over parts drawn without replacement.
      const variance = (sum: number, squares: number): number => {
        if (share >= 1 || done < 2) return 0;
        const ofOne = (squares - sum ** 2 / done) / (done - 1);
        return parts ** 2 * (1 - share) * (ofOne / done);
      };
      return new Map(
        [...all].map(([key, { count, bytes, countSquares, bytesSquares }]) => [
          key,
          {
            count: count * scale,
            bytes: bytes * scale,
            countVariance: variance(count, countSquares),
            bytesVariance: variance(bytes, bytesSquares),
          },
        ]),
      );
    },
  };
}
