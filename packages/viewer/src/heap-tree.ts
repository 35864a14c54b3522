/** The heap as the page gets it. */

/** Boxes in columns, one entry a box; a box comes after the one it lies in, and retains what lies in it. */
export interface HeapTree {
  /** Place of the box that it lies in; the first box is the whole heap, and its own. */
  parent: number[];
  name: string[];
  /** Index into `classes`; -1 for others. */
  class: number[];
  /** How many nodes it stands for. */
  count: number[];
  shallowBytes: number[];
  retainedBytes: number[];
  /** Of the node; 0 for a box that stands for several. */
  id: number[];
  classes: string[];
}
