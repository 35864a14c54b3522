/** What accumulates, as the search for it finds it. */

/** A place, and how much there is of it. */
export interface Accumulation {
  place: number;
  inSize: boolean;
  counts: number[];
  /** More than before, or with one snapshot all there are. */
  count: number;
  bytes: number;
}
