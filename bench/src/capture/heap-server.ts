/**
 * The target of the capture benchmark: an HTTP server with a heap of a given size, in small class instances
 * like a real application's. Requests read it, and some replace parts of it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

class Line {
  constructor(
    readonly sku: string,
    public quantity: number,
    readonly price: number,
  ) {}
}

class Order {
  readonly lines: Line[] = [];
  note: string | undefined;

  constructor(
    readonly id: number,
    readonly placedAt: Date,
    readonly customer: Customer,
  ) {}
}

class Customer {
  readonly orders = new Map<number, Order>();

  constructor(
    readonly id: number,
    readonly name: string,
  ) {}
}

const ORDERS_PER_CUSTOMER = 8;
const LINES_PER_ORDER = 6;
const CUSTOMERS_PER_BATCH = 500;
const READ_CUSTOMERS = 50;
const WRITE_EVERY = 5;

const customers: Customer[] = [];
let nextOrder = 1;

function placeOrder(customer: Customer): Order {
  const order = new Order(nextOrder++, new Date(1.7e12 + nextOrder), customer);
  for (let number = 0; number < LINES_PER_ORDER; number++) {
    order.lines.push(new Line(`sku-${order.id}-${number}`, 1 + number, 0.5 + order.id / 7));
  }
  customer.orders.set(order.id, order);
  return order;
}

function fill(bytes: number): void {
  while (process.memoryUsage().heapUsed < bytes) {
    for (let number = 0; number < CUSTOMERS_PER_BATCH; number++) {
      const customer = new Customer(customers.length, `customer number ${customers.length}`);
      for (let order = 0; order < ORDERS_PER_CUSTOMER; order++) placeOrder(customer);
      customers.push(customer);
    }
  }
}

function total(from: number): number {
  let sum = 0;
  for (let number = 0; number < READ_CUSTOMERS; number++) {
    for (const order of customers[(from + number) % customers.length]?.orders.values() ?? []) {
      for (const line of order.lines) sum += line.quantity * line.price;
    }
  }
  return sum;
}

function replaceOrder(index: number): void {
  const customer = customers[index % customers.length];
  for (const oldest of customer?.orders.keys() ?? []) {
    customer?.orders.delete(oldest);
    break;
  }
  if (customer) placeOrder(customer).note = `written by request ${index}`;
}

fill(Number(process.env['HEAP_MB'] ?? 50) * 1e6);

let requests = 0;
const server = createServer((request, response) => {
  requests++;
  const place = requests * 7919;
  if (request.url !== '/health/ready' && requests % WRITE_EVERY === 0) replaceOrder(place);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ total: total(place) }));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const { heapUsed } = process.memoryUsage();
  console.log(JSON.stringify({ event: 'listening', port, heapUsed, customers: customers.length }));
});
process.once('SIGTERM', () => process.exit(0));
