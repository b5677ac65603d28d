// @ts-check
import { fileURLToPath } from 'node:url'
import withNuxt from './.nuxt/eslint.config.mjs'
import { house } from './scripts/lint/house.mjs'
import { limits } from './scripts/lint/limits.mjs'

const root = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '')

export default withNuxt(
  { ignores: ['server/storage/generated/**', 'cli/client/generated/**', 'tests/.artifacts/**'] },
  ...house(root, ['.nuxt/tsconfig.server.json', '.nuxt/tsconfig.app.json']),
  ...limits,
)
