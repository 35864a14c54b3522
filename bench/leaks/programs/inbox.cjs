// To handle each message once, the id of every message is put in a Set; nothing forgets ids, although a message is
// sent again within minutes or never.
const { randomUUID } = require('node:crypto');
const { library, configTree, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const articles = library(1_100, 10_000);
const rules = configTree(4, 11);
const replies = new BoundedCache(600);

class Inbox {
  seen = new Set();

  receive(message) {
    if (this.seen.has(message.id)) return;
    this.seen.add(message.id);
    replies.set(message.id, {
      article: articles[message.number % 1_100].title,
      owner: rules.amber_0.basalt_1.owner,
    });
  }
}

const inbox = new Inbox();
module.exports = inbox;

drive({
  kind: 'Set that remembers ids for ever',
  culprit: 'seen',
  perPhase: 4_000,
  step: (number) => inbox.receive({ id: `${randomUUID()}@mail.example.org`, number }),
});
