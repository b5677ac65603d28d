// Stands in for the built server. STUB_SERVER: `faulty` for one that does not start, `set-up` for one with an operator.
import { createServer } from 'node:http'
if (process.env.STUB_SERVER === 'faulty') {
  console.error('Tenantry does not start: AUTH_MODE must be standalone or oidc-only.')
  process.exit(1)
}
const needed = process.env.STUB_SERVER !== 'set-up'
const listener = createServer((request, response) => {
  const body = request.url === '/health' ? { status: 'ok' } : { needed }
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
})
process.on('SIGTERM', () => {
  console.log('draining')
  listener.close(() => process.exit(7))
})
listener.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('mode ' + process.env.NODE_ENV))
