import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '**/prebuilds/',
      '**/bundled/',
      'packages/*/src/compiled/',
      'artifacts/',
      'tests/devtools/*.bundle.mjs',
    ],
  },
  js.configs.recommended,
  { files: ['**/*.{js,mjs,cjs}'], languageOptions: { globals: globals.node } },
  {
    files: ['**/*.{ts,cts}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // What is longer says beside it why it is one piece.
    files: ['packages/*/src/**/*.ts'],
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // To TypeScript all numbers are of one type; to AssemblyScript they are of ten. What it exports may be set from outside.
    files: ['packages/*/assembly/**/*.ts'],
    rules: {
      'prefer-const': 'off',
      'no-loss-of-precision': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
    },
  },
);
