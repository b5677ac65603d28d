import { expect, it } from 'vitest'
import { systemClock } from '#server/lib/clock'
import { createLog } from '#server/lib/log'
import { createScopes } from '#server/scope'
import { CacheUnavailable, type Cache } from '#server/storage/cache'
import { openDatabaseCache } from '#server/storage/cache-database'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { effectiveSettings } from '../provider/provider-settings'
import { admitBearer, findBearerCaller } from './bearer-person'
import { auditKey } from '~~/tests/harness/audit'

const issuer = 'https://idp.example'

describeEachDatabase('admitBearer', (given) => {
  const start = (cache: Cache) => {
    const scope = createScopes(given.database, systemClock, {
      wake: () => {},
      localAccounts: true,
      auditKey,
    }).platform('test')
    const provider = {
      settings: async () => effectiveSettings({ issuer, clientId: 'tenantry', clientSecret: 'secret' }, {}),
      metadata: () => Promise.reject(new Error('nobody asks')),
      userInfo: () => Promise.reject(new Error('it is away')),
    }
    const means = { provider, cache, log: createLog('silent') }
    return (subject: string, claims: object) => {
      const verified = {
        issuer,
        subject,
        expiresAt: Date.now() / 1000 + 60,
        claims: { sub: subject, ...claims },
      }
      return {
        admit: async () => {
          const known = await findBearerCaller(scope, verified)
          return admitBearer(scope, means, { token: JSON.stringify(claims), verified, known })
        },
        user: async (id: string) => scope.stores.users.find(id),
      }
    }
  }
  const away = () => Promise.reject(new CacheUnavailable('Redis is away'))
  const withoutCache = { get: away, set: away } as unknown as Cache
  const cache = () => openDatabaseCache({ database: given.database, clock: systemClock })

  it('does without the cache: people are let in, and brought up to date more often', async () => {
    const ofToken = start(withoutCache)
    const first = await ofToken('no-cache', {
      name: 'First',
      email: 'no-cache@example.org',
      groups: [],
    }).admit()
    const later = ofToken('no-cache', { name: 'Later', email: 'no-cache@example.org', groups: [] })
    expect((await later.admit()).userId).toBe(first.userId)
    expect(await later.user(first.userId)).toMatchObject({ name: 'Later' })
  })

  it('does not put a login name in place of a name that is known', async () => {
    const ofToken = start(cache())
    const { userId } = await ofToken('named', {
      name: 'Nina Nord',
      email: 'nina@example.org',
      groups: [],
    }).admit()
    const bare = ofToken('named', { preferred_username: 'nina' })
    await bare.admit()
    expect(await bare.user(userId)).toMatchObject({ name: 'Nina Nord', email: 'nina@example.org' })
    const unnamed = ofToken('unnamed', { preferred_username: 'una' })
    expect(await unnamed.user((await unnamed.admit()).userId)).toMatchObject({ name: 'una' })
  })

  it('is not misled by a provider that was changed meanwhile', async () => {
    const scope = createScopes(given.database, systemClock, {
      wake: () => {},
      localAccounts: true,
      auditKey,
    }).platform('test')
    const provider = {
      settings: () => Promise.resolve(undefined),
      metadata: () => Promise.reject(new Error('nobody asks')),
      userInfo: () => Promise.reject(new Error('nobody asks')),
    }
    const verified = {
      issuer,
      subject: 'former',
      expiresAt: Date.now() / 1000 + 60,
      claims: { sub: 'former' },
    }
    const admitted = admitBearer(
      scope,
      { provider, cache: cache(), log: createLog('silent') },
      { token: 'former', verified, known: null },
    )
    await expect(admitted).rejects.toMatchObject({ code: 'auth.token_issuer' })
    expect(await findBearerCaller(scope, verified)).toBeNull()
  })
})
