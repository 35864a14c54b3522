// A pool of connections to a service, and the keep-alive sockets of an agent, that grow with the load to their
// maximum and stay there.
const http = require('node:http');
const { createPool } = require('generic-pool');
const { userTable, library, RingBuffer } = require('../bystanders.cjs');
const { drive, upstream } = require('../stage.cjs');

const users = userTable(12_000);
const articles = library(900, 9_000);
const answers = new RingBuffer(300);
const agent = new http.Agent({ keepAlive: true, maxSockets: 24, maxFreeSockets: 24 });
let made = 0;
const sessions = createPool(
  {
    create: async () => ({ id: made++, prepared: new Map(), buffer: Buffer.alloc(8_192) }),
    destroy: async () => undefined,
  },
  { max: 44 },
);
let port;

function get(path) {
  return new Promise((done, failed) => {
    http
      .get({ port, host: '127.0.0.1', path, agent }, (response) => response.resume().on('end', done))
      .on('error', failed);
  });
}

async function serve(number) {
  const session = await sessions.acquire();
  session.prepared.set(`statement ${number % 5}`, { parameters: number % 4 });
  await get(`/users/${number}`);
  answers.push({ email: users.get(number % 12_000).email, title: articles[number % 900].title });
  await sessions.release(session);
}

module.exports = { serve };

upstream('answering').then((listening) => {
  port = listening;
  return drive({
    kind: 'pools that grow to their maximum',
    perPhase: 40,
    warmUp: 5,
    step: (number) =>
      Promise.all(
        Array.from({ length: Math.min(60, 4 + Math.floor(number / 2)) }, (_, n) => serve(number * 60 + n)),
      ),
  });
});
