import { defineNitroPlugin } from 'nitropack/runtime'
import { processConfig } from '#server/config/environment'
import { ConfigError } from '#server/config/config'
import { createContainer, type Container } from '#server/container'
import { ensureTenant } from '#server/domain/tenants/tenants'
import { newId } from '#server/lib/ids'
import '#server/http/event-context'

declare module 'nitropack' {
  interface NitroApp {
    /** Everything that lives as long as the process, once it is open and migrated. */
    container: Promise<Container>
  }
}

/** Boots the process; every request waits for it. A server that can't be safe says why and ends with code 1. */
export default defineNitroPlugin((nitroApp) => {
  nitroApp.container = boot().catch(refuseToStart)
  nitroApp.hooks.hook('request', async (event) => {
    event.context.container = await nitroApp.container
  })
  nitroApp.hooks.hook('close', async () => (await nitroApp.container).close())
})

async function boot(): Promise<Container> {
  const config = processConfig()
  const container = await createContainer(config)
  if (config.seedTenant) await ensureTenant(container.scopes.platform(newId()), config.seedTenant)
  return container
}

function refuseToStart(error: unknown): never {
  const words = error instanceof Error ? error.message : String(error)
  process.stderr.write(error instanceof ConfigError ? `${words}\n` : `Tenantry does not start: ${words}\n`)
  process.exit(1)
}
