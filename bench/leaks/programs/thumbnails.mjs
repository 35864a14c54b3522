// Thumbnails are queued faster than the single worker makes them and nothing pushes back: p-queue's backlog, with the
// request each job was made for, only grows.
import PQueue from 'p-queue';
import { assets, configTree, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const originals = assets(50, 120_000);
const presets = configTree(4, 10);
const done = new RingBuffer(300);
const resizeQueue = new PQueue({ concurrency: 1, interval: 10, intervalCap: 1 });

function requestThumbnail(number) {
  const request = {
    path: [...originals.keys()][number % originals.size],
    preset: presets.amber_0.basalt_1,
    steps: Array.from({ length: 6 }, (_, n) => ({ operation: 'scale', factor: 1 / (n + 2), number })),
  };
  resizeQueue.add(async () => {
    const original = originals.get(request.path);
    done.push({ path: request.path, bytes: original.subarray(0, 100).toString('base64') });
  });
}

await drive({
  kind: 'queue in memory without back-pressure (p-queue)',
  culprit: 'PQueue',
  perPhase: 900,
  step: requestThumbnail,
});
