/** Answers to single questions about a snapshot. The JSON that is printed has the same shape. */
import type { PathStep } from '@afterimage/snapshot';
import type { Instances } from './instances.js';
import type { Referrers } from './referrers.js';
import type { RepeatedString } from './repeated-strings.js';

/** Each is there when it was asked for. */
export interface Answers {
  /** As it was named on the command line. */
  file: string;
  strings?: RepeatedString[];
  instances?: Instances;
  /** From a root to the node that was asked for. */
  path?: PathStep[];
  /** The same in one line. */
  pathText?: string;
  retainers?: Referrers;
}
