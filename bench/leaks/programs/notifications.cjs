// Every page view registers a handler for "order:shipped" on the mitt instance of the process, to show a toast; the
// view is gone after a second and its handler stays.
const mitt = require('mitt');
const { timetable, configTree, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const departures = timetable(60, 600);
const themes = configTree(3, 22);
const views = new RingBuffer(50);
const shipments = mitt();

function openView(number) {
  const line = departures[`L${number % 60}`];
  const view = {
    id: number,
    theme: themes.amber_0.basalt_1.cedar_2.note,
    widgets: Array.from({ length: 10 }, (_, n) => ({ n, title: `${line.stop} ${number}`, size: n / 3 })),
    toasts: [],
  };
  shipments.on('order:shipped', (order) => view.toasts.push(order.id));
  views.push(view);
}

module.exports = { openView, shipments };

drive({
  kind: 'event bus (mitt) with handlers never removed',
  culprit: 'shipments',
  perPhase: 1_000,
  step: openView,
});
