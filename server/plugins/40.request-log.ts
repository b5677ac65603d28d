import { IncomingMessage } from 'node:http'
import { defineNitroPlugin } from 'nitropack/runtime'
import { loggedPath } from '#server/http/logged-path'

/** Asked every few seconds by whoever watches the process. */
const probes = ['/health', '/ready', '/metrics']

/**
 * Logs and measures every request when its answer is over: with the id that the answer carries, never the query, a
 * header or a body.
 * Probes and files of the build are logged at level debug; what a page asks of the API while it is drawn is not.
 */
export default defineNitroPlugin((nitroApp) => {
  nitroApp.hooks.hook('request', (event) => {
    const start = performance.now()
    const { req, res } = event.node
    if (!(req instanceof IncomingMessage)) return
    res.once('close', () => {
      const { requestId, container } = event.context
      const path = loggedPath(event.path)
      const isQuiet = requestId === undefined || probes.includes(path)
      const milliseconds = performance.now() - start
      container.log[isQuiet ? 'debug' : 'info'](
        {
          requestId,
          method: req.method,
          path,
          status: res.statusCode,
          milliseconds: Math.round(milliseconds),
          ...(!res.writableFinished && { cut: true }),
        },
        'request',
      )
      const isStream = String(res.getHeader('content-type')).startsWith('text/event-stream')
      container.metrics?.observe({
        method: req.method ?? '',
        route: event.context.matchedRoute?.path ?? 'none',
        status: res.statusCode,
        seconds: isStream ? undefined : milliseconds / 1000,
      })
    })
  })
})
