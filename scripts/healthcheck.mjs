// @ts-check
// The container's health check: exit code 0 where the server in the same container answers GET /health with 200.
// Whether its backends answer is /ready's to say: a restart would not bring them back.
const port = process.env.PORT || '3000'
const host = process.env.HOST || '0.0.0.0'
const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host)

try {
  const { status } = await fetch(`http://${reachable}:${port}/health`, { signal: AbortSignal.timeout(4_000) })
  if (status !== 200) throw new Error(`it answered ${status}`)
} catch (error) {
  const { message, cause } = /** @type {Error} */ (error)
  console.error(`GET /health failed: ${cause instanceof Error ? cause.message : message}`)
  process.exitCode = 1
}
