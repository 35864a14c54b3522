// Failed jobs are pushed to a list "for the morning report", each with its error, the stack and the cause; the
// report clears nothing, so a schema mismatch turns every job into memory that stays.
import { configTree, RefreshedTable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const settings = configTree(4, 12);
const workers = new RefreshedTable();

class JobQueue {
  waiting = [];
  deadLetters = [];

  add(job) {
    this.waiting.push(job);
  }

  async work() {
    const job = this.waiting.shift();
    try {
      await this.#run(job);
    } catch (error) {
      this.deadLetters.push(new Error(`job ${job.id} failed`, { cause: error }));
    }
  }

  async #run({ payload }) {
    if (!('schema' in payload)) throw new TypeError(`no schema in ${JSON.stringify(payload)}`);
    return settings[payload.schema];
  }
}

const queue = new JobQueue();

await drive({
  kind: 'errors kept with their stacks and causes',
  culprit: 'deadLetters',
  perPhase: 1_200,
  step: async (number) => {
    queue.add({ id: number, payload: { to: `customer ${number}`, template: 'invoice', attempt: 1 } });
    await queue.work();
    if (number % 300 === 0) workers.refresh(number, 2_000);
  },
});
