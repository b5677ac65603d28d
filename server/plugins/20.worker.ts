import { defineNitroPlugin } from 'nitropack/runtime'

/** The first requests go before the queue. */
const queueStartsAfterMs = 1_500

/**
 * Runs the reconciler and the sweeper within this process, unless WORKER is off; stops them before the container closes.
 * The queue is started in any case: who does not work asks others to.
 */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ config, reconciler, sweeper, jobs, drain, log }) => {
    setTimeout(() => {
      if (!drain.signal.aborted) jobs?.start()
    }, queueStartsAfterMs).unref()
    if (config.worker === 'off') return
    reconciler.start()
    sweeper.start()
    drain.signal.addEventListener('abort', () => {
      Promise.all([reconciler.stop(), sweeper.stop()]).catch((error: unknown) =>
        log.error({ err: error }, 'the worker did not stop cleanly'),
      )
    })
  })
})
