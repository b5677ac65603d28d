import { defineNitroPlugin } from 'nitropack/runtime'
import { checkDueDomains } from '#server/domain/domains/domains'

const everySeconds = 10
/** A replica looks at so many domains each time at most: 60 a minute. */
const limit = 10

/**
 * Looks at the DNS records of verified domains, each as often as SWEEP_INTERVAL_SECONDS says, where a worker runs.
 * Every replica may do it: each domain is taken by one.
 */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then((container) => {
    const { config, scopes, drain, log } = container
    if (config.worker === 'off' || config.sweepIntervalSeconds === 0) return
    const rhythm = { everySeconds: config.sweepIntervalSeconds, limit }
    let isLooking = false
    const look = async () => {
      if (isLooking) return
      isLooking = true
      try {
        const looked = await checkDueDomains(scopes.platform('domains'), container, rhythm, drain.signal)
        if (looked > 0) log.debug({ looked }, 'looked at the records of domains')
      } catch (error) {
        log.warn({ err: error }, 'the records of domains could not be looked at')
      } finally {
        isLooking = false
      }
    }
    const timer = setInterval(() => void look(), everySeconds * 1000).unref()
    drain.signal.addEventListener('abort', () => clearInterval(timer))
  })
})
