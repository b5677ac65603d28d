import { expect, it } from 'vitest'
import { createScopes } from '#server/scope'
import { openDatabaseCache } from '#server/storage/cache-database'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { TestClock } from '../../../tests/harness/portal'
import { oidcError } from '../oidc/oidc.errors'
import { providerError } from '../provider/provider'
import { createAttempts, signInLimits } from '../sign-in/attempts'
import { createRefusals, noteRefusedLogin } from './refusals'
import { auditKey } from '~~/tests/harness/audit'

const { token, tokenLines, refusalLines, address: signIns } = signInLimits

describeEachDatabase('createRefusals', (given) => {
  const clock = new TestClock()
  const scope = () =>
    createScopes(given.database, clock, { wake: () => {}, localAccounts: true, auditKey }).platform('test')
  const start = () => {
    const cache = openDatabaseCache({ database: given.database, clock })
    const refusals = createRefusals(createAttempts(cache, Buffer.alloc(32, 1)), clock)
    const credential = 'Bearer x'
    const noteFrom = (address: string) =>
      refusals.note(scope(), { refused: 'token', code: 'auth.token_invalid', credential, address })
    const noteLogin = (address: string, error: unknown = oidcError('auth.code_refused')) =>
      noteRefusedLogin(scope(), refusals, error, { address })
    return { ...refusals, noteFrom, noteLogin }
  }
  const lines = (action = 'token.refused') => given.database.client.auditEntry.count({ where: { action } })

  it('writes so many lines for an address and so many in all, and begins anew after an hour', async () => {
    const { noteFrom } = start()
    for (let n = 0; n < tokenLines.attempts + 5; n += 1) await noteFrom('192.0.2.1')
    expect(await lines()).toBe(tokenLines.attempts)
    for (let n = 0; n < refusalLines.attempts + 5; n += 1) await noteFrom(`198.51.100.${n}`)
    expect(await lines()).toBe(refusalLines.attempts)
    clock.advance(refusalLines.windowSeconds)
    await noteFrom('192.0.2.1')
    expect(await lines()).toBe(refusalLines.attempts + 1)
  })

  it('names neither token nor address in the cache, and the token nowhere', async () => {
    await start().noteFrom('192.0.2.77')
    const keys = await given.database.client.cacheEntry.findMany({ select: { key: true } })
    expect(JSON.stringify(keys)).not.toContain('192.0.2.77')
    const entry = await given.database.client.auditEntry.findFirst({ where: { action: 'token.refused' } })
    expect(entry).toMatchObject({ actorKind: 'system', subjectKind: 'token' })
    expect(JSON.stringify(entry)).not.toContain('Bearer x')
  })

  it('has nobody asked about for an address that is refused too often, until the hour is over', async () => {
    const { noteFrom, refuseInsistent } = start()
    const limited = expect.objectContaining({ code: 'rate.limited', status: 429 })
    for (let n = 0; n <= token.attempts; n += 1) {
      refuseInsistent('192.0.2.9')
      await noteFrom('192.0.2.9')
    }
    expect(() => refuseInsistent('192.0.2.9')).toThrow(limited)
    expect(await noteFrom('192.0.2.9')).toEqual(limited)
    expect(() => refuseInsistent('192.0.2.10')).not.toThrow()
    clock.advance(token.windowSeconds)
    expect(() => refuseInsistent('192.0.2.9')).not.toThrow()
    expect(await noteFrom('192.0.2.9')).toBeNull()
  })

  it('counts refused logins as failed sign-ins, and has so many lines of them in all, beside those of tokens', async () => {
    const { noteLogin, noteFrom } = start()
    clock.advance(refusalLines.windowSeconds)
    for (let n = 0; n < signIns.attempts; n += 1)
      expect(await noteLogin('192.0.2.20')).toMatchObject({ code: 'auth.code_refused' })
    expect(await noteLogin('192.0.2.20')).toMatchObject({ code: 'rate.limited' })
    expect(await lines('user.sign_in_refused')).toBe(signIns.attempts)
    for (let n = 0; n < refusalLines.attempts; n += 1) await noteLogin(`203.0.113.${n}`)
    expect(await lines('user.sign_in_refused')).toBe(refusalLines.attempts)
    const before = await lines()
    await noteFrom('192.0.2.20')
    expect(await lines()).toBe(before + 1)
  })

  it('does not count against anybody that the provider is away, or that something failed', async () => {
    const { noteLogin } = start()
    clock.advance(refusalLines.windowSeconds)
    const before = await lines('user.sign_in_refused')
    for (const error of [providerError('auth.provider_unavailable'), new Error('a bug')])
      expect(await noteLogin('192.0.2.30', error)).toBe(error)
    expect(await lines('user.sign_in_refused')).toBe(before)
  })
})
