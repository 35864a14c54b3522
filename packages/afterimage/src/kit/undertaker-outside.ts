/** The kit's undertaker: the command outside, which sends another kit to clear away what a killed one has left. */
import type { Undertaker } from '../attach/undertaker-process.js';
import type { UndertakerOrder } from '../attach/undertaking.js';
import type { FrameOutput } from './frame-output.js';

export function undertakerOutside(output: FrameOutput): Undertaker {
  const tell = (order: UndertakerOrder): Promise<void> => output.message({ type: 'undertaker', order });
  const tellIfHeard = (order: UndertakerOrder): Promise<void> => tell(order).catch(() => undefined);
  return {
    pid: null,
    watch: (target, children) => tell({ order: 'watch', target, children }),
    remove: (directory) => tell({ order: 'remove', directory }),
    opened: () => void tellIfHeard({ order: 'opened' }),
    closed: () => void tellIfHeard({ order: 'closed' }),
    dismiss: () => tellIfHeard({ order: 'dismiss' }),
  };
}
