// Parsed queries are remembered by their text; clients write their arguments into the text instead of using
// variables, so that no two texts are the same and the syntax trees pile up.
import { buildSchema, execute, parse, validate } from 'graphql';
import { catalogue, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(16_000);
const slowQueries = new RingBuffer(100);
const schema = buildSchema(`
  type Product { sku: String, name: String, listPrice: Float }
  type Query { product(number: Int!): Product, search(first: Int, after: Int): [Product] }
`);
const parsedQueries = new Map();

function documentOf(source) {
  let document = parsedQueries.get(source);
  if (document === undefined) {
    document = parse(source);
    const errors = validate(schema, document);
    if (errors.length > 0) throw errors[0];
    parsedQueries.set(source, document);
  }
  return document;
}

const rootValue = {
  product: ({ number }) => shop.at(number),
  search: ({ first, after }) => shop.products.slice(after, after + first),
};

await drive({
  kind: 'GraphQL documents cached by text',
  culprit: 'parsedQueries',
  perPhase: 150,
  step: async (number) => {
    const source = `{ product(number: ${number}) { sku name } search(first: 2, after: ${number}) { sku listPrice } }`;
    const result = await execute({ schema, document: documentOf(source), rootValue });
    slowQueries.push({ source, keys: Object.keys(result.data) });
  },
});
