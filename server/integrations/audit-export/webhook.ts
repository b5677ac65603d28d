import type { ExportTarget } from '#server/domain/audit/exports/target.port'

const patienceMs = 10_000

/**
 * Posts each statement as `application/jose` (RFC 7515), with its number in `Audit-Export-Sequence`. Any 2xx is an
 * arrival. Redirects are not followed: the token is for the address that was given.
 */
export function createWebhookTarget(
  { url, token }: { url: string; token: string | undefined },
  fetch: typeof globalThis.fetch = globalThis.fetch,
): ExportTarget {
  return {
    async deliver(statement, sequence) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(patienceMs),
        headers: {
          'Content-Type': 'application/jose',
          'Audit-Export-Sequence': String(sequence),
          ...(token && { Authorization: `Bearer ${token}` }),
        },
        body: statement,
      }).catch((error: unknown) => {
        const isLate = error instanceof DOMException && error.name === 'TimeoutError'
        throw new Error(`The webhook ${isLate ? 'did not answer in time' : 'is out of reach'}.`, {
          cause: error,
        })
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`The webhook answered ${response.status}.`)
    },
  }
}
