import { expect, it } from 'vitest'
import { openDatabaseCache } from '#server/storage/cache-database'
import { describeEachDatabase } from '../../tests/harness/databases'
import { TestClock } from '../../tests/harness/portal'
import { claimSeconds, createClaimTokens } from './claim-tokens'

describeEachDatabase('tokens of claims', (given) => {
  const clock = new TestClock()
  const tokens = () => createClaimTokens(openDatabaseCache({ database: given.database, clock }), clock)

  it('lead to their identity for a while', async () => {
    const { token, expiresAt } = await tokens().issue('one')
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(await tokens().find(token)).toEqual({ identityId: 'one', expiresAt })
    expect(await tokens().find(`${token}x`)).toBeNull()
    clock.advance(claimSeconds)
    expect(await tokens().find(token)).toBeNull()
  })

  it('are one for an identity: another ends the one before it', async () => {
    const [former, others] = [await tokens().issue('one'), await tokens().issue('two')]
    const latest = await tokens().issue('one')
    expect(await tokens().find(former.token)).toBeNull()
    expect(await tokens().find(latest.token)).toMatchObject({ identityId: 'one' })
    expect(await tokens().find(others.token)).toMatchObject({ identityId: 'two' })
    await tokens().remove(latest.token)
    expect(await tokens().find(latest.token)).toBeNull()
  })

  it('are kept as hashes alone', async () => {
    const { token } = await tokens().issue('three')
    const rows = await given.database.client.cacheEntry.findMany()
    expect(rows.length).toBeGreaterThan(0)
    expect(
      JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain(token)
  })
})
