import { defineNitroPlugin } from 'nitropack/runtime'

const everySeconds = 30

/** Brings the state of the audit outside when it is time, where a worker runs; of all replicas one at a time does. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ config, audit: { exporter }, drain, log }) => {
    if (!exporter || config.worker === 'off') return
    let isWorking = false
    const work = async () => {
      if (isWorking) return
      isWorking = true
      try {
        const arrived = await exporter.work()
        if (arrived > 0) log.debug({ arrived }, 'exported the state of the audit')
      } catch (error) {
        log.warn({ err: error }, 'the state of the audit could not be exported')
      } finally {
        isWorking = false
      }
    }
    void work()
    const timer = setInterval(() => void work(), everySeconds * 1000).unref()
    drain.signal.addEventListener('abort', () => clearInterval(timer))
  })
})
