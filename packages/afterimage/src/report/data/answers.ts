/** Answers to single questions about a snapshot; the printed JSON has the same shape. */
import type { PathStep } from '@afterimage/snapshot';
import type { Instances } from './instances.js';
import type { Referrers } from './referrers.js';
import type { RepeatedString } from './repeated-strings.js';

/** Each answer is present if it was requested. */
export interface Answers {
  /** As given on the command line. */
  file: string;
  strings?: RepeatedString[];
  instances?: Instances;
  /** From a root to the requested node. */
  path?: PathStep[];
  /** The same in one line. */
  pathText?: string;
  retainers?: Referrers;
}
