// Latency samples are pushed for a percentile over the last minute; the percentile looks at the last thousand only,
// but the array keeps all.
import { userTable, timetable, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(10_000);
const trains = timetable(30, 600);
const answers = new BoundedCache(1_000);

class LoadMonitor {
  static #latencySamples = [];

  static record(route, milliseconds) {
    LoadMonitor.#latencySamples.push({ route, milliseconds, at: Date.now() + milliseconds / 1_000 });
  }

  static percentile(share) {
    const last = LoadMonitor.#latencySamples.slice(-1_000).map(({ milliseconds }) => milliseconds);
    return last.sort((a, b) => a - b)[Math.floor(share * last.length)];
  }
}

await drive({
  kind: 'array only pushed to',
  culprit: 'latencySamples',
  perPhase: 20_000,
  step: (number) => {
    const user = users.get(number % 10_000);
    answers.set(number % 5_000, { city: user.address.city, line: trains[`L${number % 30}`].stop });
    LoadMonitor.record('/departures', (number % 700) + 0.25);
    if (number % 5_000 === 0) LoadMonitor.percentile(0.99);
  },
});
