// GraphQL with a bounded cache of parsed documents and one loader for each request.
import DataLoader from 'dataloader';
import { graphql, buildSchema, parse, validate, execute } from 'graphql';
import { LRUCache } from 'lru-cache';
import { userTable, catalogue } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(8_000);
const shop = catalogue(6_000);
const schema = buildSchema(`
  type Product { sku: String, name: String, listPrice: Float }
  type User { id: Int, email: String, favorite: Product }
  type Query { user(id: Int): User, products(first: Int): [Product] }
`);
const documents = new LRUCache({ max: 200 });

function documentOf(source) {
  let document = documents.get(source);
  if (!document) {
    document = parse(source);
    if (validate(schema, document).length > 0) throw new Error('not valid');
    documents.set(source, document);
  }
  return document;
}

await drive({
  kind: 'parsed queries in a bounded cache, loaders by request',
  perPhase: 300,
  step: async (number) => {
    const loader = new DataLoader(async (ids) => ids.map((id) => shop.at(id)));
    const rootValue = {
      user: ({ id }) => ({ ...users.get(id), favorite: () => loader.load(id) }),
      products: ({ first }) => Array.from({ length: first }, (_, n) => loader.load(n)),
    };
    const source = `query Q${number % 90} { user(id: ${number % 90}) { email favorite { sku name } } }`;
    await execute({ schema, document: documentOf(source), rootValue });
    if (number % 25 === 0) await graphql({ schema, source: '{ products(first: 9) { sku } }', rootValue });
  },
});
