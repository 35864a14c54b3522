/** What grew between snapshots, and which they are. The JSON that is printed has the same shape. */
import type { Growth } from '@afterimage/snapshot';

export interface Comparison extends Growth {
  /** As they were named on the command line, the earliest first. */
  files: string[];
}
