// The worker of this async queue returns early for an empty report without calling its callback. After four
// of those, all slots are taken forever, and every later job waits.
const async = require('async');
const { library, userTable, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const manuals = library(800, 8_000);
const users = userTable(7_000);
const finished = new RingBuffer(100);

const reportQueue = async.queue((report, callback) => {
  if (report.rows.length === 0) return;
  finished.push(report.id);
  setImmediate(callback);
}, 4);

function order(number) {
  const rows = Array.from({ length: number % 9 }, (_, n) => ({
    n,
    label: manuals[n].title,
    value: number / (n + 1),
  }));
  reportQueue.push({ id: number, user: users.get(number % 7_000).id, rows });
}

module.exports = { order };

drive({
  kind: 'callbacks never called: a queue that stands still (async)',
  culprit: 'reportQueue',
  perPhase: 1_500,
  step: order,
});
