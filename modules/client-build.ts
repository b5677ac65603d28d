import { defineNuxtModule } from 'nuxt/kit'

/**
 * Keeps `onServerPrefetch` in the browser's build. @nuxt/icon calls it, which makes each icon count in the ids of useId;
 * where Nuxt shakes the call out of the browser's build alone, the browser gives inputs other ids than the server gave
 * their labels (vuejs/core#12591).
 */
export default defineNuxtModule({
  meta: { name: 'client-build' },
  setup(_options, nuxt) {
    // A page is no reason to fetch what only another mode of the portal shows.
    nuxt.hook('build:manifest', (manifest) => {
      for (const part of Object.values(manifest)) part.dynamicImports = []
    })
    const shaken = nuxt.options.optimization.treeShake.composables.client
    shaken.vue = (shaken.vue ?? []).filter((name) => name !== 'onServerPrefetch')
  },
})
