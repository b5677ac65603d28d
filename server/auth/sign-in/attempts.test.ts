import { describe, expect, it } from 'vitest'
import { openDatabaseCache } from '#server/storage/cache-database'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { TestClock } from '../../../tests/harness/portal'
import { createAttempts, signInLimits } from './attempts'

describeEachDatabase('createAttempts', (given) => {
  const clock = new TestClock()
  const start = () =>
    createAttempts(openDatabaseCache({ database: given.database, clock }), Buffer.alloc(32, 1))
  const { attempts: mostFromAddress, windowSeconds } = signInLimits.address

  it('does not count those who succeed against the address that they share', async () => {
    const attempts = start()
    for (let login = 0; login < mostFromAddress + 20; login += 1) {
      await attempts.count('address', '192.0.2.1')
      await attempts.takeBack('192.0.2.1')
    }
    await expect(attempts.count('address', '192.0.2.1')).resolves.toBeUndefined()
  })

  it('refuses an address that fails too often, until the window is over', async () => {
    const attempts = start()
    for (let failure = 0; failure < mostFromAddress; failure += 1)
      await attempts.count('address', '192.0.2.2')
    const refused = attempts.count('address', '192.0.2.2')
    await expect(refused).rejects.toMatchObject({ code: 'rate.limited', retryAfterSeconds: windowSeconds })
    await expect(attempts.count('address', '192.0.2.3')).resolves.toBeUndefined()
    clock.advance(windowSeconds)
    await expect(attempts.count('address', '192.0.2.2')).resolves.toBeUndefined()
  })

  it('stores nobody by name or address', async () => {
    await start().count('account', 'olga@example.org')
    await start().count('address', '192.0.2.9')
    const stored = JSON.stringify(await given.database.client.cacheEntry.findMany({ select: { key: true } }))
    expect(stored).toContain('attempts:account:')
    expect(stored).not.toMatch(/olga|192\.0\.2\.9/)
  })
})

describe('signInLimits', () => {
  it('lets nobody guess one account more often than an address is let through', () => {
    expect(signInLimits.account.attempts).toBeLessThan(signInLimits.address.attempts)
  })
})
