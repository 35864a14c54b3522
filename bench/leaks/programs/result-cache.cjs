// A hand-made LRU cache: eviction deletes the key from the index but forgets to unlink the node from the list of
// recency, so the bound holds for the index alone.
const { translations, userTable, RefreshedTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const texts = translations(['en', 'pl'], 18_000);
const users = userTable(7_000);
const prices = new RefreshedTable();

class ResultCache {
  constructor(max) {
    this.max = max;
    this.index = new Map();
    this.newest = null;
  }

  set(key, value) {
    const node = { key, value, older: this.newest };
    this.newest = node;
    this.index.set(key, node);
    if (this.index.size > this.max) this.index.delete(this.index.keys().next().value);
  }

  get(key) {
    return this.index.get(key)?.value;
  }
}

const searchResults = new ResultCache(300);

function search(number) {
  if (number % 500 === 0) prices.refresh(number, 4_000);
  const key = `${users.get(number % 7_000).email} ${number}`;
  if (searchResults.get(key)) return;
  const hits = Array.from({ length: 5 }, (_, n) => ({
    rank: n,
    score: number / (n + 2),
    title: texts.en['page.amber.0'],
  }));
  searchResults.set(key, { hits });
}

module.exports = { search };

drive({
  kind: 'linked list behind a bounded cache',
  culprit: 'searchResults',
  perPhase: 2_000,
  step: search,
});
