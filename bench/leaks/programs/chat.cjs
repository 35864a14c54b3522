// Each chat connection is added to the room's Set and never deleted when it closes, so every socket that ever joined
// stays, with its buffers and its receiver.
const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { translations, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const texts = translations(['en', 'de', 'fr', 'pt', 'ja'], 18_000);
const history = new RingBuffer(200);
const participants = new Set();

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  participants.add(socket);
  socket.on('message', (data) => {
    history.push({ text: String(data), at: Date.now() });
    socket.send(texts.en['page.amber.0']);
  });
});

async function visit(number) {
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`, { perMessageDeflate: false });
  await once(client, 'open');
  client.send(`hello ${number}`);
  await once(client, 'message');
  client.close();
  await once(client, 'close');
}

once(server, 'listening').then(() =>
  drive({
    kind: 'sockets kept in a Set',
    culprit: 'participants',
    perPhase: 300,
    step: visit,
  }),
);
