import { defineNitroPlugin, useStorage } from 'nitropack/runtime'
import { giveSecretsToModule } from '#server/config/environment'

/** Gives nuxt-oidc-auth its secrets, derived from ours, and a place for what it keeps between two steps of a login. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ moduleSecrets, moduleStorage }) => {
    giveSecretsToModule(moduleSecrets)
    useStorage().mount('oidc', moduleStorage)
  })
})
