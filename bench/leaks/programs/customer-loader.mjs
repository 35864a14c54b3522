// DataLoader is made to live as long as one request; here one instance serves the whole process, and its cache keeps
// the promise and the row of every customer ever loaded.
import DataLoader from 'dataloader';
import { library, RefreshedTable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const manuals = library(1_500, 9_000);
const rates = new RefreshedTable();

async function selectCustomers(ids) {
  return ids.map((id) => ({
    id,
    name: `Customer ${id}`,
    contacts: [{ email: `c${id}@example.org` }, { phone: `+49 ${id}` }],
    manual: manuals[id % manuals.length].title,
  }));
}

const customerLoader = new DataLoader(selectCustomers);

await drive({
  kind: 'DataLoader cache',
  culprit: 'customerLoader',
  perPhase: 2_000,
  step: async (number) => {
    if (number % 400 === 0) rates.refresh(number, 5_000);
    const [first] = await customerLoader.loadMany([number * 2, number * 2 + 1]);
    return first.contacts;
  },
});
