// Calls over the one TCP connection wait for their reply in a Map by correlation id; the other side answers nothing
// after its restart, and no call ever times out.
import net from 'node:net';
import { once } from 'node:events';
import { configTree, userTable, RingBuffer } from '../bystanders.cjs';
import { drive, upstream } from '../stage.cjs';

const settings = configTree(4, 11);
const users = userTable(8_000);
const frames = new RingBuffer(200);
const awaitingReply = new Map();
const connection = net.connect(await upstream('mute'), '127.0.0.1');
await once(connection, 'connect');
connection.on('data', (data) => {
  const { id, result } = JSON.parse(data);
  awaitingReply.get(id)?.resolve(result);
  awaitingReply.delete(id);
});

function call(method, parameters) {
  const id = awaitingReply.size + 1;
  return new Promise((resolve, reject) => {
    awaitingReply.set(id, { resolve, reject, method, parameters });
    const frame = JSON.stringify({ id, method, parameters });
    frames.push(frame);
    connection.write(frame);
  });
}

async function authorise(number) {
  const user = users.get(number % 8_000);
  const limit = settings.amber_0.basalt_1.cedar_2.delta_3.limit;
  const result = await call('authorise', {
    email: user.email,
    limit,
    marks: [number / 3, number / 5, number / 7],
  });
  return result.allowed;
}

await drive({
  kind: 'pending calls that are never answered',
  culprit: 'awaitingReply',
  perPhase: 1_500,
  step: async (number) => {
    authorise(number);
    if (number % 50 === 0) await new Promise(setImmediate);
  },
});
