import type { Clock } from '#server/lib/clock'

/** The longest wait that an upstream can ask of us, so that a wrong clock does not park a tenant for years. */
const longestWaitSeconds = 86_400

/** Seconds by a Retry-After header (RFC 9110 section 10.2.3), 0 to a day; undefined if absent or malformed. */
export function parseRetryAfter(header: string | null, clock: Clock): number | undefined {
  const seconds = header === null ? Number.NaN : secondsUntil(header.trim(), clock)
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longestWaitSeconds)
}

function secondsUntil(header: string, clock: Clock): number {
  if (/^\d+$/.test(header)) return Number(header)
  return Math.ceil((dateOf(header) - clock.now().getTime()) / 1000)
}

/** The three forms of a date in HTTP (RFC 9110 section 5.6.7); Date.parse alone takes nearly anything. */
function dateOf(header: string): number {
  if (/^[A-Z][a-z]+, .+ GMT$/.test(header)) return Date.parse(header)
  const isAsctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(header)
  return isAsctime ? Date.parse(`${header} GMT`) : Number.NaN
}
