/**
 * The in-process job queue: runs a few jobs at a time, retries a failed job after a growing delay, and sets
 * one that keeps failing aside with its error for inspection.
 */
import { log } from './log.js';

export interface Job<Payload = unknown> {
  id: number;
  type: string;
  payload: Payload;
  attempts: number;
  enqueuedAt: number;
}

export interface FailedJob {
  job: Job;
  error: Error;
  failedAt: Date;
}

type Handler = (job: Job) => Promise<void>;

const CONCURRENCY = 4;
const MAX_ATTEMPTS = 3;
const FIRST_RETRY_MS = 500;

export class JobQueue {
  readonly #handlers = new Map<string, Handler>();
  readonly #waiting: Job[] = [];
  readonly #retries = new Map<Job, NodeJS.Timeout>();
  readonly #failed: FailedJob[] = [];
  #onIdle: (() => void) | undefined;
  #running = 0;
  #nextId = 1;
  #stopped = false;
  done = 0;

  /** Sets what runs for jobs of this type. */
  handle<Payload>(type: string, handler: (job: Job<Payload>) => Promise<void>): void {
    this.#handlers.set(type, handler as Handler);
  }

  enqueue(type: string, payload: unknown): Job {
    const job: Job = { id: this.#nextId++, type, payload, attempts: 0, enqueuedAt: Date.now() };
    this.#waiting.push(job);
    this.#work();
    return job;
  }

  get depth(): { waiting: number; running: number; retrying: number; failed: number; done: number } {
    return {
      waiting: this.#waiting.length,
      running: this.#running,
      retrying: this.#retries.size,
      failed: this.#failed.length,
      done: this.done,
    };
  }

  /** The jobs set aside most recently, newest first. */
  failures(limit: number): FailedJob[] {
    return this.#failed.slice(-limit).reverse();
  }

  /** Starts no further job and resolves when those that run have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #work(): void {
    while (!this.#stopped && this.#running < CONCURRENCY) {
      const job = this.#waiting.shift();
      if (!job) return;
      this.#running++;
      void this.#run(job).finally(() => {
        this.#running--;
        if (this.#running === 0) this.#onIdle?.();
        this.#work();
      });
    }
  }

  async #run(job: Job): Promise<void> {
    job.attempts++;
    try {
      const handler = this.#handlers.get(job.type);
      if (!handler) throw new Error(`no handler for jobs of type ${job.type}`);
      await handler(job);
      this.done++;
    } catch (cause) {
      const error = new Error(`job ${job.id} (${job.type}) failed at attempt ${job.attempts}`, { cause });
      if (job.attempts < MAX_ATTEMPTS) this.#retryLater(job);
      else this.#setAside(job, error);
    }
  }

  #retryLater(job: Job): void {
    if (this.#stopped) return;
    const retry = (): void => {
      this.#retries.delete(job);
      this.#waiting.push(job);
      this.#work();
    };
    this.#retries.set(job, setTimeout(retry, FIRST_RETRY_MS * 2 ** (job.attempts - 1)));
  }

  #setAside(job: Job, error: Error): void {
    this.#failed.push({ job, error, failedAt: new Date() });
    log('job failed', { job: job.id, type: job.type, error: error.message, cause: String(error.cause) });
  }
}
