/** The half of the programs that is not in the test. */
import { describe, it } from 'node:test';
import { agreements } from './devtools-agreement.js';

describe('the analysis of a snapshot agrees with DevTools', { concurrency: 2 }, () => {
  for (const { name, assert } of agreements(1)) it(name, { timeout: 120_000 }, assert);
});
