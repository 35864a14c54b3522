/** The heap as the page receives it. */

/** Boxes in columns, one entry a box. A box comes after its parent, which retains it. */
export interface HeapTree {
  /** Index of the parent box; the first box is the whole heap and its own parent. */
  parent: number[];
  name: string[];
  /** Index into `classes`; -1 for others. */
  class: number[];
  /** How many nodes the box stands for. */
  count: number[];
  shallowBytes: number[];
  retainedBytes: number[];
  /** ID of the node; 0 for a box that stands for several. */
  id: number[];
  classes: string[];
}
