// Each request to the billing service adds another interceptor for the trace header to the shared axios
// instance, and none is ejected.
import axios from 'axios';
import { library, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const contracts = library(1_000, 11_000);
const sent = new RingBuffer(400);
const billing = axios.create({
  baseURL: 'http://billing.internal',
  adapter: async (config) => ({
    data: { url: config.url },
    status: 200,
    statusText: 'OK',
    headers: {},
    config,
  }),
});

async function invoice(order) {
  const trace = {
    id: `trace-${order.id}`,
    started: Date.now(),
    tags: Object.fromEntries(order.items.entries()),
  };
  if (order.id % 20 === 0) {
    // One in twenty is sent at once.
    const { data } = await billing.post('/invoices', {
      contract: contracts[order.id % contracts.length].title,
    });
    sent.push(data);
  }
  billing.interceptors.request.use((config) => {
    config.headers.set('x-trace', trace.id);
    return config;
  });
}

await drive({
  kind: 'axios interceptors added for each request',
  culprit: 'interceptors',
  perPhase: 800,
  step: (number) =>
    invoice({
      id: number,
      items: Array.from({ length: 6 }, (_, n) => ({ sku: `A${n}`, quantity: number + n / 2 })),
    }),
});
