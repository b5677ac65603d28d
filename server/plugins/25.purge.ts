import { defineNitroPlugin } from 'nitropack/runtime'
import { purgeOverdue } from '#server/provisioning/purge'

const everySeconds = 60

/** Asks for the purge of tenants whose time of grace is over, where a worker runs. Every replica may do it. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then((container) => {
    const { config, drain, log } = container
    if (config.worker === 'off') return
    const look = async () => {
      try {
        const asked = await purgeOverdue(container)
        if (asked > 0) log.info({ tenants: asked }, 'tenants are being purged')
      } catch (error) {
        log.warn({ err: error }, 'what is to be purged could not be found out')
      }
    }
    void look()
    const timer = setInterval(() => void look(), everySeconds * 1000).unref()
    drain.signal.addEventListener('abort', () => clearInterval(timer))
  })
})
