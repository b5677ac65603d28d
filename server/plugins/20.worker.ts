import { defineNitroPlugin } from 'nitropack/runtime'

/** Runs the reconciler within this process, unless WORKER is off; stops it before the container closes. */
export default defineNitroPlugin((nitroApp) => {
  void nitroApp.container.then(({ config, reconciler, drain, log }) => {
    if (config.worker === 'off') return
    reconciler.start()
    drain.signal.addEventListener('abort', () => {
      reconciler
        .stop()
        .catch((error: unknown) => log.error({ err: error }, 'the worker did not stop cleanly'))
    })
  })
})
