import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { describe, expect, it, vi } from 'vitest'

// Loading takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const root = fileURLToPath(new URL('../..', import.meta.url))
const eslint = new ESLint({ cwd: root })

/** The rules that the repository's own configuration finds broken in a text that stood at this path. */
async function brokenRules(path: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: `${root}/${path}` })
  return result?.messages.map(({ ruleId }) => ruleId) ?? []
}

const readEnvironment = 'export const port = process.env.PORT\n'
const exportDefault = 'const handler = 1\nexport default handler\n'
const callServer = `export const load = () => $fetch('/api/me')\n`
const setup = (code: string) => `<script setup lang="ts">\n${code}</script>\n`

describe('limits', () => {
  it.each([
    ['server/lib/ids.ts', readEnvironment, 'no-restricted-properties'],
    ['server/lib/ids.ts', 'export const { env } = process\n', 'no-restricted-properties'],
    ['server/lib/ids.ts', 'export const all = globalThis.process.env\n', 'no-restricted-syntax'],
    [
      'server/lib/ids.ts',
      `import { env } from 'node:process'\nexport const port = env.PORT\n`,
      'no-restricted-imports',
    ],
    ['server/plugins/10.container.ts', exportDefault + readEnvironment, 'no-restricted-properties'],
    ['nuxt.config.ts', readEnvironment, 'no-restricted-properties'],
    ['server/config/environment.ts', readEnvironment, null],
    ['scripts/start.mjs', readEnvironment, null],
    ['tests/harness/server.ts', readEnvironment, null],
    ['bench/load.ts', readEnvironment, null],

    ['server/domain/tenants/tenants.ts', exportDefault, 'no-restricted-exports'],
    ['server/lib/ids.ts', 'const id = 1\nexport { id as default }\n', 'no-restricted-exports'],
    ['app/composables/use-me.ts', exportDefault, 'no-restricted-exports'],
    ['scripts/start.mjs', exportDefault, 'no-restricted-exports'],
    ['server/api/me.get.ts', exportDefault, null],
    ['server/routes/health.get.ts', exportDefault, null],
    ['server/middleware/10.caller.ts', exportDefault, null],
    ['server/plugins/10.container.ts', exportDefault, null],
    ['app/middleware/signed-in.ts', exportDefault, null],
    ['vitest.config.ts', exportDefault, null],

    ['server/lib/ids.ts', 'export const id = 1\n' + '// line\n'.repeat(400), 'max-lines'],
    ['server/lib/ids.ts', 'export const id = 1\n' + '// line\n'.repeat(399), null],
    ['app/pages/index.vue', setup('// line\n'.repeat(400)), 'max-lines'],

    ['app/pages/index.vue', setup(`await $fetch('/api/me')\n`), 'no-restricted-globals'],
    ['app/middleware/signed-in.ts', `export default () => useFetch('/api/me')\n`, 'no-restricted-globals'],
    ['app/composables/use-me.ts', callServer, null],

    ['server/lib/ids.ts', 'export const id: any = 1\n', '@typescript-eslint/no-explicit-any'],
    [
      'server/lib/ids.ts',
      '// @ts-ignore because it is wrong\nexport const id = 1\n',
      '@typescript-eslint/ban-ts-comment',
    ],
    [
      'server/lib/ids.ts',
      `export type Id = import('#server/config/config').Config\n`,
      '@typescript-eslint/consistent-type-imports',
    ],
    ['server/lib/ids.ts', `export { type Config } from '#server/config/config'\n`, 'boundaries/dependencies'],
    [
      'server/lib/ids.ts',
      `import { PrismaClient } from '@prisma/client'\nexport const db = PrismaClient\n`,
      'boundaries/dependencies',
    ],
  ])('%s %j: %s', async (path, text, rule) => {
    expect(await brokenRules(path, text)).toEqual(rule === null ? [] : [rule])
  })
})
