/** The programs that are not in the test. */
import { describe, it } from 'node:test';
import { agreements } from './devtools-agreement.js';

describe('the analysis of a snapshot agrees with DevTools', { concurrency: 2 }, () => {
  for (const { name, assert } of agreements('rest')) it(name, { timeout: 120_000 }, assert);
});
