// Named like a bundler does: the hash of its contents after its name.
const quotes = [];

class Quote {
  constructor(number, sku) {
    this.number = number;
    this.sku = sku;
    this.steps = [number, number + 1, number + 2];
  }
}

exports.quote = (number, sku) => {
  const made = new Quote(number, sku);
  quotes.push(() => made);
  return made;
};
