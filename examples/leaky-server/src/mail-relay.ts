/**
 * The mail relay that takes the server's messages. In production a service on the network, here a stand-in
 * that behaves like one: it accepts a message, and reports later what became of it, in the words of RFC 3464.
 */
import { EventEmitter } from 'node:events';

export type Action = 'delivered' | 'delayed' | 'relayed' | 'failed';

export interface Receipt {
  messageId: string;
  action: Action;
  at: Date;
}

const ACCEPT_MS = 15;
const REPORT_MS = 1_500;

export class MailRelay extends EventEmitter<{ receipt: [Receipt] }> {
  #accepted = 0;
  #bytes = 0;

  get traffic(): { messages: number; bytes: number } {
    return { messages: this.#accepted, bytes: this.#bytes };
  }

  /** Resolves when the relay has taken the message over. */
  async submit(messageId: string, recipient: string, text: string): Promise<void> {
    this.#bytes += text.length;
    await new Promise((resolve) => setTimeout(resolve, ACCEPT_MS));
    const [first, ...later] = this.#fate(recipient, ++this.#accepted);
    this.#report(messageId, first, later);
  }

  /** Companies run their own mail servers; some of the other mailboxes are full or gone. */
  #fate(recipient: string, count: number): [Action, ...Action[]] {
    if (!recipient.endsWith('@mail.example')) return ['relayed'];
    if (count % 50 === 0) return ['failed'];
    return count % 20 === 0 ? ['delayed', 'delivered'] : ['delivered'];
  }

  #report(messageId: string, action: Action, later: Action[]): void {
    const timer = setTimeout(() => {
      this.emit('receipt', { messageId, action, at: new Date() });
      const [next, ...rest] = later;
      if (next) this.#report(messageId, next, rest);
    }, REPORT_MS);
    timer.unref();
  }
}
