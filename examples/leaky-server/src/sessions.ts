/** Signed-in customers and what they have in their baskets. A session ends some time after its last use. */
import { randomUUID } from 'node:crypto';
import type { Customer } from './customers.js';
import type { Quote } from './pricing.js';

export class Session {
  readonly token = randomUUID();
  readonly basket: Quote[] = [];
  usedAt = Date.now();

  constructor(readonly customer: Customer) {}
}

export class SessionStore {
  readonly #lifetimeMs: number;
  readonly #sessions = new Map<string, Session>();

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  open(customer: Customer): Session {
    const session = new Session(customer);
    this.#sessions.set(session.token, session);
    return session;
  }

  find(token: string): Session | undefined {
    const session = this.#sessions.get(token);
    if (session) session.usedAt = Date.now();
    return session;
  }

  close(token: string): boolean {
    return this.#sessions.delete(token);
  }

  /** Ends the sessions that were unused for their lifetime; returns how many. */
  expire(now = Date.now()): number {
    let ended = 0;
    for (const [token, session] of this.#sessions) {
      if (now - session.usedAt < this.#lifetimeMs) continue;
      this.#sessions.delete(token);
      ended++;
    }
    return ended;
  }
}
