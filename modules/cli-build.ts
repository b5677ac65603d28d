import { chmodSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineNuxtModule, createResolver } from 'nuxt/kit'
import type { Plugin } from 'vite'
import manifest from '../package.json' with { type: 'json' }

/**
 * Bundles the command line beside the server, into `.output/server/cli`: there it finds the packages that the server runs
 * with, and needs none of its own. The client goes to `.output/client`, for whoever imports `tenantry/client`. Both, with
 * what machines need and nothing else, are a package of npm without dependencies in `.output/npm`.
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
        const client = join(root, 'cli/client/client.ts')
        await bundle(root, join(dir, 'client'), { client }, [])
        await bundlePackage(root, join(dir, 'npm'), { tenantry: join(root, 'cli/machine-main.ts'), client })
      })
    })
  },
})

/** What `npm pack` makes a file of that `npx` runs: on the oldest Node that it is tried with. */
async function bundlePackage(root: string, folder: string, input: Record<string, string>) {
  await bundle(root, folder, input, [], 'node20')
  const { name, version } = manifest
  const described = {
    ...{ name, version, description: 'The command line of machines, and the client that it is built on.' },
    ...{ type: 'module', bin: { tenantry: 'tenantry.mjs' }, exports: { './client': './client.mjs' } },
    engines: { node: '>=20' },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(described, null, 2)}\n`)
}

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

async function bundle(
  root: string,
  outDir: string,
  input: Record<string, string>,
  plugins: Plugin[],
  target = 'node24',
) {
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
      target,
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
