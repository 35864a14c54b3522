// Each quotation subscribes to the stream of exchange rates and never unsubscribes; a Subject keeps its observers
// until it completes, and this one never does.
import { filter, map, Subject } from 'rxjs';
import { timetable, userTable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const routes = timetable(50, 500);
const customers = userTable(8_000);
const exchangeRates = new Subject();

function watch(number) {
  const customer = customers.get(number % 8_000);
  const quotation = { customer: customer.id, via: routes[`L${number % 50}`].stop, amounts: new Map() };
  exchangeRates
    .pipe(
      filter(({ currency }) => currency === 'CHF'),
      map(({ rate }) => rate * number),
    )
    .subscribe((amount) => quotation.amounts.set('CHF', amount));
  return quotation;
}

await drive({
  kind: 'rxjs subscriptions never ended',
  culprit: 'exchangeRates',
  perPhase: 800,
  step: (number) => {
    watch(number);
    if (number % 200 === 0) exchangeRates.next({ currency: 'CHF', rate: 0.93 + number / 1e6 });
  },
});
