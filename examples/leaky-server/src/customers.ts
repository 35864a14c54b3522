/** Who buys: private customers and companies, read once from the database and kept. */
import type { Database } from './database.js';

export class Customer {
  constructor(
    readonly id: number,
    readonly name: string,
    readonly email: string,
    /** Share taken off each price, 0 to 1. */
    readonly discount: number,
  ) {}
}

const COUNT = 5_000;
const TOWNS = ['Aalen', 'Bergen', 'Calais', 'Dundee', 'Espoo', 'Faro', 'Ghent', 'Horn'];

export class Customers {
  readonly #byId = new Map<number, Customer>();

  static async load(database: Database): Promise<Customers> {
    await database.query(
      `insert into customers select * from json_to_recordset($1::json)
         as c (id integer, name text, email text, discount numeric)`,
      [JSON.stringify(Array.from({ length: COUNT }, (_, index) => person(index + 1)))],
    );
    const customers = new Customers();
    const rows = await database.query<{ id: number; name: string; email: string; discount: string }>(
      'select id, name, email, discount from customers order by id',
    );
    for (const { id, name, email, discount } of rows) {
      customers.#byId.set(id, new Customer(id, name, email, Number(discount)));
    }
    return customers;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(id: number): Customer | undefined {
    return this.#byId.get(id);
  }
}

function person(id: number): { id: number; name: string; email: string; discount: number } {
  const town = TOWNS[id % TOWNS.length] ?? '';
  return id % 2 === 0
    ? { id, name: `${town} Works No. ${id}`, email: `purchasing@works-${id}.example`, discount: 0.12 }
    : { id, name: `Customer ${id} of ${town}`, email: `customer-${id}@mail.example`, discount: 0 };
}
