/** Writes the mails to customers, hands them to the relay and follows them until they have arrived. */
import { randomUUID } from 'node:crypto';
import { log } from './log.js';
import type { Action, MailRelay, Receipt } from './mail-relay.js';
import type { Order } from './orders.js';

interface Message {
  id: string;
  recipient: string;
  subject: string;
  text: string;
}

const MAX_DELAYS = 3;

export class Mailer {
  readonly #relay: MailRelay;
  readonly #followUps = new Map<string, (receipt: Receipt) => void>();
  readonly #receipts: Record<Action, number> = { delivered: 0, delayed: 0, relayed: 0, failed: 0 };

  constructor(relay: MailRelay) {
    this.#relay = relay;
    relay.on('receipt', (receipt) => this.#onReceipt(receipt));
  }

  get figures(): Record<string, unknown> {
    return { ...this.#relay.traffic, receipts: this.#receipts };
  }

  /** Resolves when the relay has the confirmation; the order's status follows the receipts. */
  async confirm(order: Order): Promise<void> {
    const message = confirmation(order);
    let delays = 0;
    this.#followUps.set(message.id, ({ action }) => {
      if (action === 'delivered' || action === 'relayed') order.status = 'notified';
      if (action === 'failed') order.status = 'unreachable';
      if (action === 'delayed' && ++delays > MAX_DELAYS) {
        log('mail is slow', { order: order.id, subject: message.subject, recipient: message.recipient });
      }
    });
    await this.#relay.submit(message.id, message.recipient, message.text);
  }

  #onReceipt(receipt: Receipt): void {
    this.#receipts[receipt.action]++;
    this.#followUps.get(receipt.messageId)?.(receipt);
    if (receipt.action === 'delivered' || receipt.action === 'failed') {
      this.#followUps.delete(receipt.messageId);
    }
  }
}

function confirmation(order: Order): Message {
  const rows = order.lines.map(
    ({ product, quantity, unitPrice, total }, index) =>
      `${String(index + 1).padStart(3)}. ${product.sku}  ${product.name.padEnd(28)}\n` +
      `     ${product.attributes['finish'] ?? ''}, ${product.attributes['supplier'] ?? ''}\n` +
      `     ${quantity} at ${unitPrice.toFixed(2)} EUR = ${total.toFixed(2)} EUR`,
  );
  const text = [
    `Dear ${order.customer.name},`,
    `thank you for your order ${order.id} of ${order.placedAt.toUTCString()}. We will send you:`,
    ...rows,
    `Total: ${order.total.toFixed(2)} EUR`,
    'Your wholesale team',
  ].join('\n\n');
  return { id: randomUUID(), recipient: order.customer.email, subject: `Your order ${order.id}`, text };
}
