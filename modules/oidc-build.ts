import { createResolver, defineNuxtModule } from 'nuxt/kit'

const isTheirs = (path: string | undefined) => /[\\/]nuxt-oidc-auth[\\/]/.test(path ?? '')

/**
 * Leaves of nuxt-oidc-auth nothing but what server/http/oidc-module.ts calls: no route of its own, nothing in the
 * browser's build, and its words in our log. docs/decisions has the reasons.
 */
export default defineNuxtModule({
  meta: { name: 'oidc-build' },
  setup(_options, nuxt) {
    const { resolve } = createResolver(import.meta.url)
    nuxt.hook('app:resolve', (app) => {
      app.plugins = app.plugins.filter(({ src }) => !isTheirs(src))
    })
    nuxt.hook('imports:dirs', (dirs) => {
      for (const at of dirs.keys()) if (isTheirs(dirs[at])) dirs[at] = resolve('../app/composables')
    })
    nuxt.hook('nitro:config', (config) => {
      config.handlers = config.handlers?.filter((entry) => !isTheirs(entry?.handler))
      // Their sources ask for virtual modules of the build.
      config.externals = {
        ...config.externals,
        inline: [...(config.externals?.inline ?? []), 'nuxt-oidc-auth'],
      }
      config.rollupConfig ??= { output: {} }
      config.rollupConfig.plugins = [
        {
          name: 'oidc-log',
          resolveId: (source: string, importer: string | undefined) =>
            source === 'consola' && isTheirs(importer)
              ? resolve('../server/lib/plain-console.ts')
              : undefined,
        },
        config.rollupConfig.plugins,
      ]
    })
  },
})
