import { defineNuxtModule } from 'nuxt/kit'

/**
 * Keeps of nuxt-security what draws a page's nonce and policy. Its middlewares (limits of rate and size, CORS, XSS,
 * methods) would run before every request to find that they are switched off: server/http has its own.
 */
export default defineNuxtModule({
  meta: { name: 'page-security' },
  setup(_options, nuxt) {
    nuxt.hook('modules:done', () => {
      const isTheirs = /nuxt-security\/dist\/runtime\/server\/middleware\//
      nuxt.options.serverHandlers = nuxt.options.serverHandlers.filter(
        ({ handler }) => typeof handler !== 'string' || !isTheirs.test(handler),
      )
    })
  },
})
