// Each price stream subscribes to the event bus under its own context object; on disconnect `off` is called with a
// fresh arrow function, which was never registered, so it takes nothing away.
import { EventEmitter } from 'eventemitter3';
import { terrain, userTable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const grid = terrain(40, 128);
const users = userTable(9_000);
const priceBus = new EventEmitter();

class PriceStream {
  constructor(user) {
    this.user = user;
    this.filter = { min: user.id, max: user.id + 100, symbols: ['ABC', `S${user.id}`] };
    this.backlog = Array.from({ length: 12 }, (_, n) => ({ symbol: `S${n}`, price: n + grid[n].heights[n] }));
  }

  open() {
    priceBus.on('price', (price) => this.offer(price), this);
  }

  close() {
    priceBus.off('price', (price) => this.offer(price), this.user);
  }

  offer(price) {
    if (price.value < this.filter.min) return;
    this.backlog.shift();
    this.backlog.push(price);
  }
}

await drive({
  kind: 'event bus (eventemitter3) with listeners never removed',
  culprit: 'priceBus',
  perPhase: 1_800,
  step: (number) => {
    const stream = new PriceStream(users.get(number % 9_000));
    stream.open();
    if (number % 100 === 0) priceBus.emit('price', { symbol: 'ABC', value: number });
    stream.close();
  },
});
