// A payment holds the lock of its account, and a rejected payment returns without releasing it: later
// payments of the same account wait for the lock forever, each a suspended function.
const { catalogue, timetable, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(14_000);
const shifts = timetable(20, 500);
const settled = new RingBuffer(500);

class AccountLock {
  held = false;
  line = [];

  acquire() {
    if (!this.held) {
      this.held = true;
      return Promise.resolve();
    }
    return new Promise((proceed) => this.line.push(proceed));
  }

  release() {
    const next = this.line.shift();
    if (next) next();
    else this.held = false;
  }
}

const lockByAccount = Array.from({ length: 16 }, () => new AccountLock());

async function pay(account, order) {
  const lock = lockByAccount[account];
  await lock.acquire();
  if (order.total > 900) return 'refused';
  settled.push({ account, total: order.total, shift: shifts.L1.stop });
  lock.release();
  return 'paid';
}

function checkOut(number) {
  const lines = Array.from({ length: 6 }, (_, n) => ({
    sku: shop.at(number + n).sku,
    price: number + n / 3,
  }));
  pay(number % 16, { number, lines, total: number % 1_000 });
}

module.exports = { checkOut, lockByAccount };

drive({
  kind: 'unsettled promises: async functions waiting for a lock',
  culprit: 'lockByAccount',
  perPhase: 1_800,
  warmUp: 1_000,
  step: async (number) => {
    checkOut(number);
    await null;
  },
});
