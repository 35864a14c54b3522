// Each listener of the live feed gets a stream piped from the source; one that goes away is destroyed but never
// unpiped, so that the source keeps it, its buffer and the listeners `pipe` made.
const { PassThrough } = require('node:stream');
const { userTable, configTree, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const members = userTable(11_000);
const layout = configTree(3, 18);
const recent = new RingBuffer(100);
const liveFeed = new PassThrough();
liveFeed.setMaxListeners(0);

function listen(number) {
  const listener = new PassThrough({ highWaterMark: 1_024 });
  listener.on('data', (chunk) =>
    recent.push({ to: members.get(number % 11_000).email, bytes: chunk.length }),
  );
  liveFeed.pipe(listener);
  return listener;
}

function leave(listener) {
  listener.pause();
  listener.removeAllListeners('data');
}

module.exports = { liveFeed, layout };

drive({
  kind: 'streams never unpiped',
  culprit: 'liveFeed',
  perPhase: 600,
  step: async (number) => {
    const listener = listen(number);
    if (number % 100 === 0) liveFeed.write(`score ${number}`);
    await new Promise(setImmediate);
    leave(listener);
  },
});
