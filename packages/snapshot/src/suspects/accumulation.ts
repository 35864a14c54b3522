/** An accumulation as the search finds it. */

/** A place, and how much has accumulated there. */
export interface Accumulation {
  place: number;
  inSize: boolean;
  counts: number[];
  /** How many more than before; with one snapshot, how many in total. */
  count: number;
  bytes: number;
}
