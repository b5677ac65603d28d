import { defineNitroPlugin } from 'nitropack/runtime'
import { settleLeases } from '#server/domain/vaults/vaults'

const everySeconds = 5

/** Takes back what was minted for leases that are over, where a worker runs. Every replica may do it. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ config, scopes, mintPlaces: places, drain, log }) => {
    if (config.worker === 'off') return
    let isWorking = false
    const work = async () => {
      if (isWorking) return
      isWorking = true
      try {
        const settled = await settleLeases(scopes.platform('leases'), { places, log })
        if (settled > 0) log.info({ settled }, 'minted tokens were taken back')
      } catch (error) {
        log.warn({ err: error }, 'what is to be taken back could not be found out')
      } finally {
        isWorking = false
      }
    }
    void work()
    const timer = setInterval(() => void work(), everySeconds * 1000).unref()
    drain.signal.addEventListener('abort', () => clearInterval(timer))
  })
})
