/** How much of a report is shown: what fits one screen, or everything. */
export interface Shown {
  suspects: number;
  classes: number;
  /** Ranks of the suspects that are shown with details; null for all that are listed. */
  details: number[] | null;
  /** Includes paths step by step, examples, and tables for a close look. */
  isWhole: boolean;
}
