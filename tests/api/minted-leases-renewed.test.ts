import { expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { codeOf } from '../harness/http'
import { createMintedLeaseScenes } from '../harness/minted-lease-scenes'

describeEachDatabase('leases of minted tokens, renewed', (given) => {
  const { clock, fake, scene: prepared, settle, inSeconds } = createMintedLeaseScenes(given)

  /** A machine with a token of ten minutes. */
  async function scene() {
    const made = await prepared()
    const { json: lease } = await made.ask()
    const at = `/api/leases/${lease.id}`
    const renew = (ttlSeconds: number) => made.call('POST', `${at}/renew`, { ttlSeconds })
    return { ...made, lease, at, renew }
  }

  it('last longer with their tokens, never shorter, and for seven days at most', async () => {
    const { lease, call, at, renew, audit } = await scene()
    expect(lease.endsLatest).toBe(inSeconds(7 * 86_400))
    const end = inSeconds(3600)
    const { status, json } = await renew(3600)
    expect([status, json.expiresAt, fake().tokens()[0]?.expires]).toEqual([200, end, end])
    expect(json).not.toHaveProperty('token')
    expect((await renew(60)).json.expiresAt).toBe(end)
    expect(fake().tokens()).toMatchObject([{ key: lease.token, expires: end }])
    expect(await audit('lease.renewed')).toHaveLength(2)
    // Where it would have ended before, nothing is taken back.
    clock.advance(600)
    expect([await settle(), fake().tokens().length]).toEqual([0, 1])
    clock.advance(3000)
    expect([await settle(), fake().tokens().length]).toEqual([1, 0])
    expect((await call('GET', at)).json).toMatchObject({ status: 'expired', settled: true })
    expect(codeOf(await renew(60))).toEqual([403, 'lease.over'])
  })

  it('end as they would have where the service did not say that it let them last longer', async () => {
    const { at, call, renew } = await scene()
    const before = (await call('GET', at)).json
    fake().faults.add({ kind: 'drop', when: 'after', operation: 'core_tokens_partial_update' })
    expect((await renew(3600)).status).toBeGreaterThanOrEqual(500)
    expect((await call('GET', at)).json.expiresAt).toBe(before.expiresAt)
    expect(fake().tokens()).toMatchObject([{ expires: inSeconds(3600) }])
    clock.advance(600)
    expect([await settle(), fake().tokens()]).toEqual([1, []])
  })

  it('are renewed by several at once, for as long as the one that wants the most', async () => {
    const { at, call, renew } = await scene()
    const answers = await Promise.all([7200, 1200, 3600, 2400].map(renew))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await call('GET', at)).json.expiresAt).toBe(inSeconds(7200))
    expect(fake().tokens()).toMatchObject([{ expires: inSeconds(7200) }])
  })

  it('are over where they were given back while they were renewed', async () => {
    const { at, call, renew } = await scene()
    fake().faults.add({ kind: 'delay', ms: 300, operation: 'core_tokens_partial_update' })
    const asked = renew(3600)
    await expect.poll(() => fake().calls().core_tokens_partial_update).toBe(1)
    await call('DELETE', at)
    expect(codeOf(await asked)).toEqual([403, 'lease.over'])
    await settle()
    expect(fake().tokens()).toEqual([])
  })

  it('are not made longer than the service lets them last', async () => {
    const { at, call, renew } = await scene()
    const before = (await call('GET', at)).json
    fake().setTokenLimit(clock.now().getTime() - Date.now() + 1_200_000)
    const answer = await renew(3600)
    expect(codeOf(answer)).toEqual([422, 'lease.not_mintable'])
    expect(answer.json.detail).toContain('token-maximum-lifetime')
    expect((await call('GET', at)).json).toEqual(before)
    expect((await renew(900)).status).toBe(200)
  })
})
