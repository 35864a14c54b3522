// Every handset that connects is put in a list for the daily broadcast, and when it hangs up only a counter goes down:
// the closed sockets stay in the list.
import { once } from 'node:events';
import net from 'node:net';
import { timetable, library, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const departures = timetable(40, 500);
const bulletins = library(700, 9_000);
const positions = new BoundedCache(300);
const handsets = [];
let online = 0;

const server = net.createServer((socket) => {
  online++;
  handsets.push({ socket, since: Date.now(), line: departures.L1.stop });
  socket.on('data', (data) => positions.set(String(data), { online, bulletin: bulletins[0].title }));
  socket.on('close', () => online--);
  socket.on('end', () => socket.end('bye'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

async function report(number) {
  const client = net.connect(server.address().port, '127.0.0.1');
  client.end(`position ${number}`);
  client.resume();
  await once(client, 'close');
}

await drive({
  kind: 'sockets kept after they closed',
  culprit: 'handsets',
  perPhase: 700,
  step: report,
});
