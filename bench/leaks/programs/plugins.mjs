// Each request subscribes to the diagnostics channel of the database to count its own queries, and the function it
// unsubscribes is not the one it subscribed.
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { library, routeTable, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const articles = library(900, 10_000);
const routes = routeTable(5_000);
const counts = new BoundedCache(300);
const queries = channel('app:database:query');

class QueryCount {
  constructor(request) {
    this.request = request;
    this.statements = [];
  }

  onQuery({ sql }) {
    if (this.statements.length < 10) this.statements.push({ sql, at: this.statements.length / 3 });
  }
}

function handle(number) {
  const request = {
    number,
    path: routes[number % routes.length].pattern,
    title: articles[number % 900].title,
  };
  const count = new QueryCount(request);
  subscribe('app:database:query', count.onQuery.bind(count));
  if (number % 200 === 0) queries.publish({ sql: `select ${number}` });
  unsubscribe('app:database:query', count.onQuery.bind(count));
  counts.set(number, { statements: count.statements.length });
}

await drive({
  kind: 'subscribers of a diagnostics channel',
  culprit: '_subscribers',
  perPhase: 1_500,
  step: handle,
});
