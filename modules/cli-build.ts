import { chmodSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineNuxtModule, createResolver } from 'nuxt/kit'
import type { Plugin } from 'vite'

/**
 * Bundles the command line beside the server, into `.output/server/cli`: there it finds the packages that the server runs
 * with, and needs none of its own. The client goes to `.output/client`, for whoever imports `tenantry/client`.
 */
export default defineNuxtModule({
  meta: { name: 'cli-build' },
  setup(_options, nuxt) {
    if (nuxt.options.dev) return
    const { resolve } = createResolver(import.meta.url)
    nuxt.hook('nitro:init', (nitro) => {
      nitro.hooks.hook('compiled', async () => {
        const root = resolve('..')
        const { dir, serverDir } = nitro.options.output
        const cli = join(serverDir, 'cli')
        await bundle(root, cli, { tenantry: join(root, 'cli/main.ts') }, [packagesOfServer(cli)])
        chmodSync(join(cli, 'tenantry.mjs'), 0o755)
        await bundle(root, join(dir, 'client'), { client: join(root, 'cli/client/client.ts') }, [])
      })
    })
  },
})

/** Leaves out what a file in the folder finds beside the server; Nitro puts only those files there that it needs. */
function packagesOfServer(folder: string): Plugin {
  const { resolve } = createRequire(join(folder, 'tenantry.mjs'))
  const isThere = (id: string) => {
    try {
      return resolve(id).startsWith(join(folder, '..'))
    } catch {
      return false
    }
  }
  return {
    name: 'packages-of-server',
    enforce: 'pre',
    resolveId: (id) =>
      /^[a-z@]/.test(id) && !id.includes(':') && isThere(id) ? { id, external: true } : undefined,
  }
}

async function bundle(root: string, outDir: string, input: Record<string, string>, plugins: Plugin[]) {
  const { build } = await import('vite')
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins,
    resolve: {
      alias: {
        '#server': join(root, 'server'),
        '#shared': join(root, 'shared'),
        // As Nitro has it: see nuxt.config.ts.
        '@libsql/client': fileURLToPath(import.meta.resolve('@libsql/client/sqlite3')),
      },
    },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node24',
      outDir,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input,
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
      },
    },
  })
}
