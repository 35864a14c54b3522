// Each quote subscribes to tariff changes so that it can be recalculated, and never unsubscribes when it is done:
// listeners pile up on the one emitter that lives as long as the process.
const { EventEmitter } = require('node:events');
const { userTable, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const customers = userTable(18_000);
const quotes = new BoundedCache(500);
const tariffs = new EventEmitter().setMaxListeners(0);

class Quote {
  constructor(customer, items) {
    this.customer = customer;
    this.items = items;
    this.total = 0;
    tariffs.on('tariffChanged', () => this.recalculate());
  }

  recalculate() {
    this.total = this.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  }
}

function quoteFor(number) {
  const items = Array.from({ length: 8 }, (_, line) => ({
    line,
    price: number + line / 10,
    quantity: 1 + (line % 3),
  }));
  const quote = new Quote(customers.get(number % 18_000), items);
  quote.recalculate();
  quotes.set(number, { total: quote.total });
}

module.exports = { Quote, quotes };

drive({
  kind: 'event listeners on an emitter',
  culprit: 'tariffChanged',
  perPhase: 1_500,
  step: quoteFor,
});
