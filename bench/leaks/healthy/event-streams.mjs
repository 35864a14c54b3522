// Subscriptions of rxjs, mitt and eventemitter3 that are ended, contexts, abort signals and timers that are cleared.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import EventEmitter from 'eventemitter3';
import mitt from 'mitt';
import { BehaviorSubject, interval, map, take, takeUntil, Subject } from 'rxjs';
import { timetable, userTable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const trains = timetable(60, 300);
const users = userTable(5_000);
const prices = new BehaviorSubject({ price: 1 });
const departures = new EventEmitter();
const bus = mitt();
const context = new AsyncLocalStorage();
const shutdown = new AbortController();

await drive({
  kind: 'subscriptions that are ended',
  perPhase: 400,
  step: async (number) => {
    const ended = new Subject();
    const seen = [];
    prices
      .pipe(
        takeUntil(ended),
        map(({ price }) => price * number),
      )
      .subscribe((price) => seen.push(price));
    const onDeparture = (train) => seen.push(train.minute);
    departures.on('departure', onDeparture);
    bus.on('*', onDeparture);
    await context.run({ user: users.get(number % 5_000) }, async () => {
      prices.next({ price: number });
      departures.emit('departure', trains[`L${number % 60}`]);
      if (number % 40 === 0) {
        interval(1).pipe(take(2)).subscribe();
        const call = AbortSignal.any([shutdown.signal, AbortSignal.timeout(1_000)]);
        await sleep(1, null, { signal: call }).catch(() => undefined);
      }
    });
    departures.off('departure', onDeparture);
    bus.off('*', onDeparture);
    ended.next();
  },
});
