// Jobs through queues with limits: each is done and forgotten, and what is scheduled is canceled.
import Bottleneck from 'bottleneck';
import schedule from 'node-schedule';
import PQueue from 'p-queue';
import { library, timetable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const articles = library(1_200, 7_000);
const trains = timetable(30, 300);
const queue = new PQueue({ concurrency: 4 });
const limiter = new Bottleneck({ maxConcurrent: 5 });
const results = new Map();

async function job(number) {
  await new Promise(setImmediate);
  const { title, body } = articles[number % articles.length];
  return { number, title, words: body.split(' ').length, platform: trains.L1.platform };
}

await drive({
  kind: 'queues that are worked off',
  perPhase: 250,
  step: async (number) => {
    const reminder = schedule.scheduleJob(new Date(Date.now() + 60_000), () => undefined);
    results.set(
      number,
      queue.add(() => job(number)),
    );
    await limiter.schedule(() => job(number));
    await results.get(number);
    results.delete(number);
    reminder.cancel();
  },
});
