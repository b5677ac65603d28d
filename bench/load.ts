import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { z } from 'zod'

const autocannon = createRequire(import.meta.url).resolve('autocannon/autocannon.js')

/** Of autocannon's JSON what we read. */
const Report = z.object({
  requests: z.object({ total: z.number() }),
  duration: z.number(),
  latency: z.object({ p99: z.number() }),
  errors: z.number(),
  timeouts: z.number(),
  non2xx: z.number(),
})

export interface Load {
  url: string
  cookie?: string
  /** An access token. */
  token?: string
  seconds: number
  connections?: number
}

/**
 * Loads a server by autocannon, in a process of its own.
 *
 * @returns requests answered in a second, and the 99th percentile of their latency in milliseconds
 * @throws Error where a request failed
 */
export async function load({ url, cookie, token, seconds, connections = 20 }: Load) {
  const headers = [
    ...(cookie ? ['--headers', `cookie=${cookie}`] : []),
    ...(token ? ['--headers', `authorization=Bearer ${token}`] : []),
  ]
  const options = ['--json', '--connections', String(connections), '--duration', String(seconds), ...headers]
  const { stdout } = await promisify(execFile)(process.execPath, [autocannon, ...options, url])
  const { requests, duration, latency, ...failed } = Report.parse(JSON.parse(stdout))
  if (failed.errors + failed.timeouts + failed.non2xx > 0)
    throw new Error(`Requests failed under load: ${JSON.stringify(failed)}`)
  return { perSecond: requests.total / duration, p99Milliseconds: latency.p99 }
}
