import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cuttingFetch } from '#server/integrations/ocis/fake-tenants'
import type { TokenMint } from '#server/domain/vaults/token-mint.port'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'

/** A service that mints tokens, as the suite sees it. */
export interface MintingService {
  /** A client of it; `fetch` in place of the true one. */
  mint(options?: { fetch?: typeof globalThis.fetch }): TokenMint
  /** Makes what a tenant has there. */
  settle(tenant: { id: string; slug: string }): Promise<unknown>
  /** Whether a token is taken now. */
  takes(minted: { token: string; account: string }): Promise<boolean>
  /** How many tokens there are that somebody could sign in with. */
  count(): number
  /** Has every call be refused for a while. */
  setDown(isDown: boolean): void
  reset(): void
  /** @returns what did not fit the published schema, in words */
  stop(): Promise<string[]>
}

const signal = new AbortController().signal
/** More calls than any mint takes. */
const mostCalls = 9

/** What every service that mints tokens for leases does: see `TokenMint`. */
export function describeTokenMint(name: string, open: () => Promise<MintingService>): void {
  describe(`tokens for leases: ${name}`, () => {
    let service: MintingService
    let mint: TokenMint

    beforeAll(async () => {
      service = await open()
    })
    beforeEach(() => {
      service.reset()
      mint = service.mint()
    })
    afterAll(async () => expect(await service.stop()).toEqual([]))

    async function scene() {
      const id = newId()
      const tenant = { id, slug: `acme-${id.slice(-12)}` }
      await service.settle(tenant)
      const expiresAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000)
      const asked = () => ({ leaseId: newId(), tenant, expiresAt })
      const revoke = (leaseId: string, by = mint) => by.revoke({ leaseId, tenantId: id }, signal)
      return { tenant, asked, revoke }
    }
    const failureOf = (asked: Promise<unknown>) =>
      asked.then(
        () => 'none',
        (error: unknown) => (error instanceof IntegrationError ? error.kind : error),
      )

    it('are taken until they are taken back, and no others end with them', async () => {
      const { asked, revoke } = await scene()
      const [first, second] = [asked(), asked()]
      const [one, two] = [await mint.mint(first, signal), await mint.mint(second, signal)]
      expect(one.token).not.toBe(two.token)
      expect([await service.takes(one), await service.takes(two)]).toEqual([true, true])
      await revoke(first.leaseId)
      expect([await service.takes(one), await service.takes(two)]).toEqual([false, true])
      await revoke(second.leaseId)
      expect([await service.takes(two), service.count()]).toEqual([false, 0])
    })

    it('are taken back by another process, where none was minted, and again', async () => {
      const { asked, revoke } = await scene()
      const lease = asked()
      await revoke(lease.leaseId)
      const minted = await mint.mint(lease, signal)
      for (const _ of [1, 2]) await revoke(lease.leaseId, service.mint())
      expect([await service.takes(minted), service.count()]).toEqual([false, 0])
    })

    it('are many at once', async () => {
      const { asked, revoke } = await scene()
      const leases = Array.from({ length: 4 }, asked)
      const minted = await Promise.all(leases.map((lease) => mint.mint(lease, signal)))
      expect(new Set(minted.map(({ token }) => token)).size).toBe(4)
      for (const one of minted) expect(await service.takes(one)).toBe(true)
      await Promise.all(leases.map(({ leaseId }) => revoke(leaseId)))
      expect(service.count()).toBe(0)
    })

    it('are not minted for a tenant that has nothing there yet', async () => {
      const { asked } = await scene()
      const tenant = { id: newId(), slug: 'nobody' }
      expect(await failureOf(mint.mint({ ...asked(), tenant }, signal))).toBe('unavailable')
      expect(service.count()).toBe(0)
    })

    it.each(['before', 'after'] as const)(
      'leave nothing behind where a call was cut %s it was answered',
      async (moment) => {
        const { asked, revoke } = await scene()
        let isWhole = false
        for (let at = 0; !isWhole && at < mostCalls; at += 1) {
          const lease = asked()
          const { fetch, arm } = cuttingFetch(at, moment)
          arm()
          const failure = await failureOf(service.mint({ fetch }).mint(lease, signal))
          isWhole = failure === 'none'
          if (!isWhole) expect(failure).toBe('unreachable')
          await revoke(lease.leaseId)
          expect([at, service.count()]).toEqual([at, 0])
        }
        expect(isWhole).toBe(true)
      },
    )

    it('are said to be taken back only where that is certain', async () => {
      const { asked, revoke } = await scene()
      const lease = asked()
      const minted = await mint.mint(lease, signal)
      service.setDown(true)
      expect(await failureOf(revoke(lease.leaseId))).toBe('unavailable')
      service.setDown(false)
      expect(await service.takes(minted)).toBe(true)
      await revoke(lease.leaseId)
      expect(await service.takes(minted)).toBe(false)
    })
  })
}
