// The workspace's rules, and one that only tests need: node:test's functions return promises that are not
// awaited.
import workspace from '../eslint.config.js';

export default [
  ...workspace,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['describe', 'it', 'suite', 'test'], package: 'node:test' },
          ],
        },
      ],
    },
  },
];
