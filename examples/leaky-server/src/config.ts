/** Settings of the server, all from the environment, with defaults that suit a laptop. */

export interface Config {
  host: string;
  /** 0 lets the system choose; the log line `listening` has the number. */
  port: number;
  /** Orders per second that the trading partners' feed brings in. */
  ordersPerSecond: number;
  /** Roughly how much of the heap the product catalogue takes, in bytes. */
  catalogueBytes: number;
  /** Start without the latest migration, as when a release is rolled out before its schema. */
  schemaMismatch: boolean;
}

const MB = 1_000_000;

/** @throws {Error} naming the variable, when one of them is not a number or out of range. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    host: env['HOST'] ?? '127.0.0.1',
    port: number(env, 'PORT', 3000, 0, 65_535),
    ordersPerSecond: number(env, 'ORDERS_PER_SECOND', 16, 0, 500),
    catalogueBytes: number(env, 'BALLAST_MB', 160, 0, 8_000) * MB,
    schemaMismatch: env['SCHEMA_MISMATCH'] === '1',
  };
}

function number(env: NodeJS.ProcessEnv, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!(value >= min && value <= max)) {
    throw new Error(`${name}=${text}: expected a number from ${min} to ${max}`);
  }
  return value;
}
