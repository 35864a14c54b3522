// Each order subscribes to a bus whose events are named in every style (`order-created`, `order:updated`, `order/closed`,
// `price changed`), and to those of one customer; it lets go of all of them but one. The names have one length.
const { EventEmitter } = require('node:events');
const { catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(14_000);
const lastOrders = new RingBuffer(300);
const orderBus = new EventEmitter().setMaxListeners(0);
const EVENTS = [
  'order-created',
  'order:updated',
  'order/changed',
  'price changed',
  'order-anderson',
  'order-williams',
];

class Order {
  constructor(number) {
    this.number = number;
    this.lines = [shop.at(number), shop.at(number + 1)].map(({ sku }) => ({
      sku,
      quantity: 1 + (number % 4),
    }));
    this.listeners = EVENTS.map((event) => [event, (payload) => this.refresh(event, payload)]);
    for (const [event, listener] of this.listeners) orderBus.on(event, listener);
  }

  refresh(event, payload) {
    this.last = { event, payload };
  }

  close() {
    for (const [event, listener] of this.listeners) {
      if (event !== 'order-anderson') orderBus.off(event, listener);
    }
  }
}

const standing = Array.from({ length: 400 }, (_, number) => new Order(number));

drive({
  kind: 'one event of many, all named with separators',
  culprit: 'orderBus',
  perPhase: 1_200,
  step: (number) => {
    const order = new Order(number);
    lastOrders.push({ number, lines: order.lines });
    orderBus.emit('price changed', standing.length);
    order.close();
  },
});
