// A connection is acquired from the pool and not released when the report has no rows; soon all ten are out, and
// each further acquire waits without a timeout.
const { createPool } = require('generic-pool');
const { configTree, timetable, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const layout = configTree(4, 10);
const departures = timetable(30, 400);
const reports = new BoundedCache(100);
let connections = 0;
const connectionPool = createPool(
  { create: async () => ({ id: connections++, prepared: new Map() }), destroy: async () => undefined },
  { max: 10 },
);

async function report(number) {
  const query = {
    line: `L${number % 30}`,
    filters: Array.from({ length: 5 }, (_, n) => ({ n, from: number + n / 2 })),
  };
  const connection = await connectionPool.acquire();
  const first = departures[query.line];
  if (number % 2 === 0) return null;
  reports.set(number, { first: first.stop, owner: layout.amber_0.basalt_1.owner, via: connection.id });
  await connectionPool.release(connection);
  return first;
}

module.exports = { report };

drive({
  kind: 'resource pool run dry: acquires that wait for ever (generic-pool)',
  culprit: 'connectionPool',
  perPhase: 700,
  step: async (number) => {
    report(number);
    await new Promise(setImmediate);
  },
});
