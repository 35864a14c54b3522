// Calls other services by fetch and axios: kept connections, and resource timing entries, of which Node keeps
// 250.
import http from 'node:http';
import axios from 'axios';
import { catalogue, RingBuffer } from '../bystanders.cjs';
import { drive, upstream } from '../stage.cjs';

const shop = catalogue(9_000);
const answers = new RingBuffer(100);
const origin = `http://127.0.0.1:${await upstream('answering')}`;
const client = axios.create({
  baseURL: origin,
  timeout: 5_000,
  httpAgent: new http.Agent({ keepAlive: true, maxSockets: 10, maxFreeSockets: 5 }),
});
client.interceptors.request.use((config) => ({ ...config, headers: { ...config.headers, 'x-at': 'shop' } }));

await drive({
  kind: 'resource timing that Node bounds',
  perPhase: 60,
  warmUp: 20,
  step: async (number) => {
    const answer = await fetch(`${origin}/stock/${shop.at(number).sku}`);
    answers.push({ number, text: await answer.text() });
    await Promise.all([0, 1, 2].map((n) => client.get(`/prices/${number * 3 + n}`)));
  },
});
