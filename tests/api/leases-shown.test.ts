import { expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../harness/databases'
import { codeOf } from '../harness/http'
import { createLeaseScenes } from '../harness/lease-scenes'

describeEachDatabase('leases as they are shown', (given) => {
  const { fresh, scene, portal } = createLeaseScenes(given)

  it('are shown to owners and admins, and to a machine or member their own', async () => {
    const { slug, owner, member, leases, machine, lent } = await scene()
    const [one, other] = [await machine(), await machine(['secrets:lease'], member.userId)]
    const [first, second] = [await lent(one), await lent(other)]
    const idsAt = async (get: Promise<{ json: { items: { id: string }[] } }>) =>
      (await get).json.items.map(({ id }) => id)
    for (const path of [leases, `/api/tenants/${slug}/leases`]) {
      expect(await idsAt(owner.browser.get(path))).toEqual([second.id, first.id])
      expect(await idsAt(one.call('GET', path))).toEqual([first.id])
      expect(await idsAt(other.call('GET', path))).toEqual([second.id])
      expect(await idsAt(member.browser.get(path))).toEqual([second.id])
    }
    await one.call('DELETE', first.at)
    expect(await idsAt(owner.browser.get(`${leases}?status=active`))).toEqual([second.id])
    expect(await idsAt(owner.browser.get(`${leases}?status=revoked`))).toEqual([first.id])
    expect(await idsAt(owner.browser.get(`${leases}?status=expired`))).toEqual([])
    const page = (await owner.browser.get(`${leases}?limit=1`)).json
    expect(await idsAt(owner.browser.get(`${leases}?limit=1&cursor=${page.nextCursor}`))).toEqual([first.id])
    // What is somebody else's is not theirs to read, to renew or to end.
    for (const [method, path, body] of [
      ['GET', first.at],
      ['GET', first.value],
      ['POST', `${first.at}/renew`, { ttlSeconds: 60 }],
      ['DELETE', first.at],
    ] as const)
      expect(codeOf(await other.call(method, path, body))).toEqual([404, 'lease.not_found'])
    for (const path of [first.at, first.value])
      expect(codeOf(await member.browser.get(path))).toEqual([403, 'access.denied'])
    expect(codeOf(await member.browser.delete(second.at))).toEqual([403, 'access.denied'])
    expect(codeOf(await owner.browser.get(second.value))).toEqual([403, 'access.denied'])
    const stranger = await portal().signedIn({ email: `${fresh('stranger')}@example.org` })
    for (const path of [second.at, `/api/leases/${newId()}`, '/api/leases/none'])
      expect(codeOf(await stranger.get(path))).toEqual([404, 'lease.not_found'])
    const foreign = await (await scene()).machine()
    expect(codeOf(await foreign.call('GET', second.value))).toEqual([404, 'lease.not_found'])
  })
})
