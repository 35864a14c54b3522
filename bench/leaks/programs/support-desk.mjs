// The transcript of the support desk is one string that each line is appended to; it is written out at the end of the
// day, and this desk never closes.
import { userTable, assets, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const customers = userTable(14_000);
const stickers = assets(20, 100_000);
const tickets = new BoundedCache(400);
const desk = { name: 'first level', transcript: '', lines: 0 };

function say(customer, text) {
  desk.transcript += `${desk.lines++} ${customer.email}: ${text}\n`;
}

await drive({
  kind: 'string that is only appended to',
  culprit: 'transcript',
  perPhase: 4_000,
  step: (number) => {
    const customer = customers.get(number % 14_000);
    say(customer, `where is my order ${number}? ${stickers.size}`);
    tickets.set(number, { customer: customer.id, open: number % 2 === 0 });
  },
});
