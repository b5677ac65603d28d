import { fileURLToPath } from 'node:url'
import { defineNuxtConfig } from 'nuxt/config'

const server = fileURLToPath(new URL('../../server', import.meta.url))

/** The yardstick: as little as a Nuxt server can be that answers from Tenantry's database. */
export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  telemetry: false,
  devtools: { enabled: false },
  alias: { '#server': server },
  nitro: {
    preset: 'node-server',
    esbuild: { options: { target: 'node24' } },
  },
})
