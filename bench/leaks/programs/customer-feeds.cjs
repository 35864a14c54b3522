// A feed for each of a few big customers, in one object by the customer's mail address; addresses have one length. The
// feed of one customer, who never connects, is not read and only grows.
const { catalogue, userTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(12_000);
const users = userTable(5_000);
const ADDRESSES = ['alice@shop.example', 'carol@shop.example', 'david@shop.example', 'erika@shop.example'];
const feedByAddress = Object.fromEntries(ADDRESSES.map((address) => [address, []]));

function publish(address, number) {
  const { sku, listPrice } = shop.at(number);
  feedByAddress[address].push({
    sku,
    listPrice,
    reader: users.get(number % 5_000).id,
    changes: [number, number + 1],
  });
}

for (let number = 0; number < 1_200; number++) publish('erika@shop.example', number);

module.exports = { publish };

drive({
  kind: 'one of several arrays that are keyed by data',
  culprit: 'feedByAddress',
  perPhase: 1_600,
  step: (number) => {
    publish('david@shop.example', number);
    for (const address of ['alice@shop.example', 'carol@shop.example']) {
      publish(address, number);
      if (feedByAddress[address].length > 300) feedByAddress[address].splice(0, 200);
    }
  },
});
