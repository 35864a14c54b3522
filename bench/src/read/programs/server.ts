/** A server with connections that stay open, sessions in a map, timers, and streams in the middle of their work. */
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';

const CONNECTIONS = 30;
const SESSIONS = 5_000;

class Session {
  readonly created = new Date();
  readonly requests: { path: string; took: number }[] = [];
  constructor(readonly user: string) {}
}

const sessions = new Map<string, Session>();
for (let user = 0; user < SESSIONS; user++) {
  const session = new Session(`user-${user}`);
  session.requests.push({ path: `/item/${user}`, took: user / 3 });
  sessions.set(session.user, session);
}
const kept: { open: ServerResponse[]; sockets: Socket[]; streams: PassThrough[] } = {
  open: [],
  sockets: [],
  streams: Array.from({ length: 200 }, () => new PassThrough()),
};
const server = createServer((request, response) => {
  sessions.set(request.url ?? '/', new Session('guest'));
  response.write('…');
  kept.open.push(response);
  if (kept.open.length === CONNECTIONS) console.log('ready', kept.sockets.length, kept.streams.length);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  for (let index = 0; index < CONNECTIONS; index++) {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /${index} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    kept.sockets.push(socket);
  }
});
