// Rooms over WebSockets: people come and go, each room keeps its last messages, pings are cleared.
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { userTable, configTree } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(7_000);
const settings = configTree(3, 17);
const rooms = new Map(['lobby', 'help', 'news'].map((name) => [name, { members: new Set(), last: [] }]));
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
server.on('connection', (socket, { url }) => {
  const room = rooms.get(url.slice(1));
  const ping = setInterval(() => socket.ping(), 5_000);
  room.members.add(socket);
  socket.on('message', (data) => {
    room.last.push({ text: String(data), at: Date.now() });
    if (room.last.length > 100) room.last.shift();
    for (const member of room.members) member.send(data);
  });
  socket.on('close', () => {
    clearInterval(ping);
    room.members.delete(socket);
  });
});

async function visit(number) {
  const name = [...rooms.keys()][number % 3];
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}/${name}`);
  await once(socket, 'open');
  for (let line = 0; line < 5; line++) {
    socket.send(`${users.get(number % 7_000).email} says ${line} ${settings.amber_0.basalt_1.cedar_2.limit}`);
    await once(socket, 'message');
  }
  socket.close();
  await once(socket, 'close');
}

await drive({ kind: 'people who come and go', perPhase: 60, warmUp: 30, step: visit });
