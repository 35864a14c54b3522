/** Postgres inside the process (PGlite), its schema and the few statements the rest of the server needs. */
import { PGlite } from '@electric-sql/pglite';

export type Row = Record<string, unknown>;

const MIGRATIONS = [
  `create table customers (
     id integer primary key,
     name text not null,
     email text not null,
     discount numeric not null
   );
   create table orders (
     id bigint primary key,
     customer_id integer not null references customers (id),
     line_count integer not null,
     total numeric not null,
     status text not null default 'placed',
     placed_at timestamptz not null default now()
   );
   create table confirmations (
     order_id bigint primary key,
     recipient text not null,
     sent_at timestamptz not null default now()
   );`,
  `alter table confirmations add column channel text not null default 'mail';`,
];

export class Database {
  readonly #postgres: PGlite;

  private constructor(postgres: PGlite) {
    this.#postgres = postgres;
  }

  /** Starts Postgres in memory and migrates it; `withLatest` false leaves the last migration out. */
  static async open(withLatest: boolean): Promise<Database> {
    const postgres = await PGlite.create({ relaxedDurability: true });
    for (const migration of withLatest ? MIGRATIONS : MIGRATIONS.slice(0, -1)) await postgres.exec(migration);
    return new Database(postgres);
  }

  async query<T extends Row>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    const result = await this.#postgres.query<T>(sql, parameters);
    return result.rows;
  }

  /**
   * Resolves when Postgres answers `SELECT 1`.
   * @throws {Error} when it has not after `timeoutMs`.
   */
  async ping(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer to SELECT 1 in ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([this.#postgres.query('SELECT 1'), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Keeps the newest orders and gives the room of the others back. */
  async prune(keepOrders: number): Promise<void> {
    await this.#postgres.query(`delete from orders where id <= (select max(id) from orders) - $1`, [
      keepOrders,
    ]);
    await this.#postgres.exec('delete from confirmations where order_id not in (select id from orders)');
    for (const statement of ['vacuum orders', 'vacuum confirmations', 'checkpoint']) {
      await this.#postgres.exec(statement);
    }
  }

  async close(): Promise<void> {
    await this.#postgres.close();
  }
}
