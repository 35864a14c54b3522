// Each batch listens for the abort of the process-wide shutdown signal, to stop half-way; `{ once: true }` takes a
// listener away when it fires, and a shutdown fires once in a lifetime.
import { setMaxListeners } from 'node:events';
import { catalogue, terrain, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(12_000);
const sites = terrain(35, 128);
const imported = new RingBuffer(200);
const shutdown = new AbortController();
setMaxListeners(0, shutdown.signal);
process.once('SIGTERM', () => shutdown.abort());

async function importBatch(number) {
  const batch = {
    number,
    rows: Array.from({ length: 10 }, (_, n) => ({ n, sku: shop.at(number + n).sku, at: n / 3 })),
  };
  let stopped = false;
  shutdown.signal.addEventListener(
    'abort',
    function stopBatch() {
      stopped = true;
      batch.rows.length = 0;
    },
    { once: true },
  );
  for (const row of batch.rows) {
    await null;
    if (stopped) return;
    imported.push({ sku: row.sku, height: sites[number % 35].heights[row.n] });
  }
}

await drive({
  kind: 'AbortSignal listeners',
  culprit: 'shutdown',
  perPhase: 900,
  step: importBatch,
});
