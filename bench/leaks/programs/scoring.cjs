// The scoring service no longer answers and the requests have no timeout: two sockets are stuck forever, and
// all later requests wait in the keep-alive agent's queue.
const HttpAgent = require('agentkeepalive');
const http = require('node:http');
const { userTable, RingBuffer } = require('../bystanders.cjs');
const { drive, upstream } = require('../stage.cjs');

const customers = userTable(16_000);
const recent = new RingBuffer(500);
const scoringAgent = new HttpAgent({ maxSockets: 2, timeout: 0, freeSocketTimeout: 30_000 });
let port;

function score(id) {
  const customer = customers.get(id % 16_000);
  recent.push({ id, at: Date.now() });
  const request = http.request({
    port,
    host: '127.0.0.1',
    path: `/score/${id}`,
    method: 'POST',
    agent: scoringAgent,
  });
  request.on('response', (response) => {
    response.resume();
    customer.score = Number(response.headers['x-score']);
  });
  request.on('error', () => undefined);
  request.end(JSON.stringify({ email: customer.email }));
}

module.exports = { score };

upstream('silent').then((listening) => {
  port = listening;
  return drive({
    kind: 'pending requests',
    culprit: 'requests',
    perPhase: 400,
    warmUp: 100,
    step: score,
  });
});
