import { expect, it } from 'vitest'
import { createScopes } from '#server/scope'
import { openDatabaseCache } from '#server/storage/cache-database'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { TestClock } from '../../../tests/harness/portal'
import { createRefusals, refusalLimits } from './refusals'

describeEachDatabase('createRefusals', (given) => {
  const clock = new TestClock()
  const start = () => {
    const refusals = createRefusals(
      openDatabaseCache({ database: given.database, clock }),
      clock,
      Buffer.alloc(32, 1),
    )
    const scope = createScopes(given.database, clock, { wake: () => {}, localAccounts: true }).platform(
      'test',
    )
    const note = (address: string) =>
      refusals.note(scope, { code: 'auth.token_invalid', credential: 'Bearer x', address })
    return { ...refusals, noteFrom: note }
  }
  const lines = () => given.database.client.auditEntry.count({ where: { action: 'token.refused' } })

  it('writes so many lines for an address and so many in all, and begins anew after an hour', async () => {
    const { noteFrom } = start()
    for (let n = 0; n < refusalLimits.linesOfAddress + 5; n += 1) await noteFrom('192.0.2.1')
    expect(await lines()).toBe(refusalLimits.linesOfAddress)
    for (let n = 0; n < refusalLimits.lines + 5; n += 1) await noteFrom(`198.51.100.${n}`)
    expect(await lines()).toBe(refusalLimits.lines)
    clock.advance(refusalLimits.windowSeconds)
    await noteFrom('192.0.2.1')
    expect(await lines()).toBe(refusalLimits.lines + 1)
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
    for (let n = 0; n < refusalLimits.refusals; n += 1) {
      refuseInsistent('192.0.2.9')
      await noteFrom('192.0.2.9')
    }
    expect(() => refuseInsistent('192.0.2.9')).toThrow(
      expect.objectContaining({ code: 'rate.limited', status: 429 }),
    )
    expect(() => refuseInsistent('192.0.2.10')).not.toThrow()
    clock.advance(refusalLimits.windowSeconds)
    expect(() => refuseInsistent('192.0.2.9')).not.toThrow()
  })
})
