/** How much of a report is shown: what fits one screen, or all. */
export interface Shown {
  suspects: number;
  classes: number;
  /** Ranks of the suspects that are shown with details; null for all that are listed. */
  details: number[] | null;
  /** With paths step by step, examples and tables that only a close look needs. */
  isWhole: boolean;
}
