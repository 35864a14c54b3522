/** A heap of a given size (HEAP_MB), in small instances of classes like a real application's, that grows in one place. */

class Line {
  constructor(
    readonly sku: string,
    public quantity: number,
    readonly price: number,
  ) {}
}

class Order {
  readonly lines: Line[] = [];
  constructor(
    readonly id: number,
    readonly placedAt: Date,
  ) {}
}

const LINES_AN_ORDER = 6;
const ORDERS_A_BATCH = 1000;

const orders = new Map<number, Order>();
const bytes = Number(process.env['HEAP_MB']) * 1e6;
while (process.memoryUsage().heapUsed < bytes) {
  for (let batch = 0; batch < ORDERS_A_BATCH; batch++) {
    const order = new Order(orders.size, new Date(1.7e12 + orders.size));
    for (let number = 0; number < LINES_AN_ORDER; number++)
      order.lines.push(new Line(`sku-${order.id}-${number}`, 1 + number, 0.5 + order.id / 7));
    orders.set(order.id, order);
  }
}
console.log('ready');
setInterval(() => orders.size, 1000);
