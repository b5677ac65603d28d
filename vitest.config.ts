import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Files at once of those that start processes: more of them would only wait for each other. */
const cores = availableParallelism()
const servedAtOnce = Math.min(cores + 1, 5)
const shownAtOnce = Math.min(cores + 1, 4)

const alias = {
  '#tenantry/routes': at('tests/harness/routes.ts'),
  '#server': at('server'),
  '#shared': at('shared'),
  '~~': at('.'),
  '~': at('app'),
}

export default defineConfig({
  resolve: { alias },
  test: {
    // Limits are for a machine that is busy with something else: where all is well, nothing waits that long.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          // The server's modules are evaluated once for each worker, not for each file: tests share no state.
          isolate: false,
          maxWorkers: cores,
          sequence: { groupOrder: 0 },
          include: ['{app,cli,server,shared,scripts}/**/*.test.ts', 'tests/{unit,api}/**/*.test.ts'],
          globalSetup: ['tests/harness/databases.setup.ts'],
          setupFiles: ['tests/harness/warnings.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['tests/e2e/**/*.test.ts'],
          // Each file has servers and a PostgreSQL of its own, and often waits for them.
          maxWorkers: servedAtOnce,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          environment: 'node',
          include: ['tests/browser/**/*.test.ts'],
          setupFiles: ['tests/browser/evidence.setup.ts'],
          // Each file has a server, a service and a Chromium of its own.
          maxWorkers: shownAtOnce,
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
