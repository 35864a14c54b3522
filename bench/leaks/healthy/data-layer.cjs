// Queries built by knex and documents of mongoose, without a database.
const knex = require('knex');
const mongoose = require('mongoose');
const { userTable, catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const users = userTable(6_000);
const shop = catalogue(6_000);
const database = knex({ client: 'pg' });
const queries = new RingBuffer(120);
const line = new mongoose.Schema({ sku: String, count: { type: Number, min: 1 } });
const Order = mongoose.model('Order', new mongoose.Schema({ email: String, lines: [line], at: Date }));

drive({
  kind: 'queries and documents that are thrown away',
  perPhase: 250,
  warmUp: 250,
  step: async (number) => {
    const { email } = users.get(number % 6_000);
    const order = new Order({
      email,
      lines: [{ sku: shop.at(number).sku, count: number % 5 }],
      at: new Date(),
    });
    await order.validate().catch(() => undefined);
    const query = database('orders')
      .where({ email })
      .whereIn('sku', [shop.at(number).sku])
      .limit(10);
    queries.push(query.toSQL().sql);
  },
});
