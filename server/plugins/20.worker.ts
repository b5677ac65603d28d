import { defineNitroPlugin } from 'nitropack/runtime'

/** Runs the reconciler and the sweeper within this process, unless WORKER is off; stops them before the container closes. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ config, reconciler, sweeper, drain, log }) => {
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
