import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';

export default defineConfig([
  globalIgnores(['build/', 'dist/', 'out/', 'var/', '.venv/', '**/*.min.js']),
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-len': ['error', { code: 120, ignoreUrls: true, ignoreTemplateLiterals: true }],
      'no-console': ['error', { allow: ['warn'] }],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-param-reassign': ['error', { props: false }],
      'no-shadow': 'error',
      'no-throw-literal': 'error',
      'no-unused-expressions': ['error', { allowShortCircuit: true }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['static/**/*.js', 'tests/bench/*.js'], languageOptions: { globals: globals.browser } },
  { files: ['npm/*.js'], languageOptions: { globals: globals.node }, rules: { 'no-console': 'off' } },
  { files: ['tests/**/*.test.js'], languageOptions: { globals: globals.node } },
]);
