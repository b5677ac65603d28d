// @ts-check
// What a file may hold, whichever room it stands in. eslint.config.mjs applies it, limits.test.ts proves it.
import { outside } from './house.mjs'

const code = ['**/*.{ts,mts,mjs}']

/** Files whose default export the framework or a tool asks for. */
const frameworkFiles = [
  'app/*.ts',
  'app/{middleware,plugins,pages,layouts}/**',
  'server/{api,routes,middleware,plugins}/**',
  'server/http/nitro-error.ts',
  'modules/**',
  // A Nuxt application of its own.
  'bench/bare/**',
  '*.config.{ts,mjs}',
  'scripts/lint/circles.mjs',
  'tests/**/*.setup.ts',
]

const configuration = 'The environment is read in server/config alone, once, at boot.'

/** @type {import('eslint').Linter.Config[]} */
export const limits = [
  {
    name: 'tenantry/size',
    files: [...code, '**/*.vue'],
    rules: { 'max-lines': ['error', { max: 400 }] },
  },
  {
    name: 'tenantry/environment',
    files: [...code, '**/*.vue'],
    ignores: ['server/config/**', '**/*.test.ts', '{tests,scripts,bench}/**', 'cli/{bin.mjs,process.ts}'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: configuration }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.property.name="process"][property.name="env"]',
          message: configuration,
        },
      ],
      'no-restricted-imports': [
        'error',
        ...['process', 'node:process'].map((name) => ({
          name,
          importNames: ['env'],
          message: configuration,
        })),
      ],
    },
  },
  {
    name: 'tenantry/named-exports',
    files: code,
    ignores: frameworkFiles,
    rules: {
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
    },
  },
  {
    name: 'tenantry/fetch',
    files: ['app/**/*.{ts,vue}'],
    ignores: ['app/composables/**', ...outside],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['$fetch', 'fetch', 'useFetch', 'useLazyFetch', 'EventSource'].map((name) => ({
          name,
          message: 'Composables are the only callers of the server.',
        })),
      ],
    },
  },
  {
    name: 'tenantry/types',
    files: ['**/*.{ts,mts,vue}'],
    // Without `import()` in a type: the import directions don't see it.
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: true }],
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': 'allow-with-description', 'ts-ignore': true, 'ts-nocheck': true },
      ],
    },
  },
  {
    name: 'tenantry/templates',
    files: ['**/*.vue'],
    rules: {
      'vue/no-v-html': 'error',
      // TypeScript says which props may be absent.
      'vue/require-default-prop': 'off',
      // Prettier's to decide.
      'vue/html-self-closing': 'off',
      'vue/first-attribute-linebreak': 'off',
    },
  },
]
