/** The kit's watchdog: the command outside, which starts another kit to clean up after a killed one. */
import type { Watchdog } from '../attach/watchdog-process.js';
import type { WatchdogOrder } from '../attach/cleanup.js';
import type { FrameOutput } from './frame-output.js';

export function watchdogOutside(output: FrameOutput): Watchdog {
  const tell = (order: WatchdogOrder): Promise<void> => output.message({ type: 'watchdog', order });
  const tellIfHeard = (order: WatchdogOrder): Promise<void> => tell(order).catch(() => undefined);
  return {
    pid: null,
    watch: (target, children) => tell({ order: 'watch', target, children }),
    remove: (directory) => tell({ order: 'remove', directory }),
    opened: () => void tellIfHeard({ order: 'opened' }),
    closed: () => void tellIfHeard({ order: 'closed' }),
    dismiss: () => tellIfHeard({ order: 'dismiss' }),
  };
}
