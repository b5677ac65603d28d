import { expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { domainsScene, recordOf } from '../harness/domains'

describeEachDatabase('verified domains', (given) => {
  const scene = domainsScene(given)

  it('gives every member a mailbox, those of the domain first, and who joins later as well', async () => {
    const name = scene.freshName()
    const label = scene.slug.replace('-', '')
    await scene.join(`ada@${label}.else.example`, 'Ada Elsewhere')
    await scene.join(`ada@${name}`, 'Ada at Home')
    await scene.join(`postmaster@${name}`, 'Grace Hopper')
    expect(await scene.mailboxes()).toEqual([null, null, null, null])
    await scene.own(name)
    expect(await scene.mailboxes()).toEqual(['olga', 'ada2', 'ada', 'grace.hopper'])
    await scene.join(`ada@${label}.third.example`, 'Ada the Third')
    await scene.own(scene.freshName())
    expect(await scene.mailboxes()).toEqual(['olga', 'ada2', 'ada', 'grace.hopper', 'ada3'])
  })

  it('gives no mailbox twice to those who join at once', async () => {
    await scene.own(scene.freshName())
    const emails = Array.from({ length: 6 }, (_, index) => `eve@${scene.slug}${index}.example`)
    for (const email of emails) await scene.boss.post('/api/users', { email, name: 'Eve' })
    const answers = await Promise.all(
      emails.map((email) => scene.boss.post(`/api/tenants/${scene.slug}/members`, { email, role: 'member' })),
    )
    expect(answers.map(({ status }) => status)).toEqual(emails.map(() => 201))
    const given = await scene.mailboxes()
    expect(given.slice(1).sort()).toEqual(['eve', 'eve2', 'eve3', 'eve4', 'eve5', 'eve6'])
  })

  it('lists what the mail server wants, and what was found of it', async () => {
    const name = scene.freshName()
    scene.mail.addDomain({ name })
    const host = (text: string) => text.replace(/\.$/, '')
    const first = await scene.own(name)
    expect(first.mailRecords).toBe('listed')
    const purposes = first.records.map(({ purpose }: { purpose: string }) => purpose)
    expect(purposes.slice(0, 3)).toEqual(['ownership', 'mx', 'spf'])
    expect(recordOf(first, 'mx')).toMatchObject({ status: 'missing', found: [], drifted: false })
    const { value } = recordOf(first, 'mx') as unknown as { value: string }
    const [preference, exchange] = value.split(' ')
    scene.names.set(name, 'MX', { preference: Number(preference), exchange: host(exchange ?? '') })
    scene.names.setText(name, 'v=spf1 include:other.example ~all')
    scene.clock.advance(20)
    const again = (await scene.verify(name)).json
    expect(recordOf(again, 'mx')).toMatchObject({ status: 'ok' })
    expect(recordOf(again, 'spf')).toMatchObject({
      status: 'different',
      found: ['v=spf1 include:other.example ~all'],
    })
    scene.names.asked.length = 0
    await scene.verify(name)
    expect(scene.names.asked).toEqual([])
  })

  it('keeps what was found where that is no text', async () => {
    const name = scene.freshName()
    scene.mail.addDomain({ name })
    await scene.own(name)
    scene.names.set(name, 'TXT', Buffer.from('v=spf1 \0 ~all'))
    scene.clock.advance(20)
    const { json, status } = await scene.verify(name)
    expect(status).toBe(200)
    expect(recordOf(json, 'spf')).toMatchObject({ status: 'different', found: ['v=spf1 \ufffd ~all'] })
    scene.clock.advance(3601)
    await scene.recheck()
    const [shown] = (await scene.boss.get(scene.at)).json.items
    expect(recordOf(shown, 'spf')).toMatchObject({ status: 'different' })
  })

  it('is looked at now and then: drift shows, is told once, and takes nothing away', async () => {
    const name = scene.freshName()
    const { challenge } = await scene.own(name)
    scene.clock.advance(3601)
    await scene.recheck()
    expect(await scene.audit('domain.records_drifted')).toEqual([])
    scene.names.setText(challenge.name)
    for (let time = 0; time < 2; time += 1) {
      scene.clock.advance(3601)
      await scene.recheck()
    }
    await scene.advance(0)
    const [shown] = (await scene.boss.get(scene.at)).json.items
    expect(shown).toMatchObject({ status: 'verified' })
    expect(recordOf(shown, 'ownership')).toMatchObject({ status: 'missing', drifted: true })
    expect(await scene.audit('domain.records_drifted')).toMatchObject([
      { actor: { kind: 'system' }, after: { domain: name, records: `TXT ${challenge.name}` } },
    ])
    scene.names.behave(challenge.name, 'SERVFAIL')
    scene.clock.advance(3601)
    await scene.recheck()
    scene.publish(challenge)
    scene.names.behave(challenge.name, undefined)
    scene.clock.advance(3601)
    await scene.recheck()
    expect(await scene.audit('domain.records_drifted')).toHaveLength(1)
    expect(await scene.audit('domain.records_mended')).toHaveLength(1)
    expect((await scene.boss.get(`/api/tenants/${scene.slug}`)).json.domains).toEqual([name])
  })

  it('is looked at by one replica at a time', async () => {
    await scene.own(scene.freshName())
    await scene.own(scene.freshName())
    scene.clock.advance(2 * 3600)
    await scene.recheck()
    scene.clock.advance(3601)
    const total = await given.database.client.domain.count({ where: { verifiedAt: { not: null } } })
    const looked = await Promise.all([scene.recheck(), scene.recheck(), scene.recheck()])
    expect(looked.reduce((sum, count) => sum + count, 0)).toBe(total)
  })

  it('asks the mail server in vain where that is away, and says so', async () => {
    const name = scene.freshName()
    scene.mail.faults.add({ kind: 'answer', status: 503, body: 'no', times: 'always' })
    try {
      const json = await scene.own(name)
      expect(json).toMatchObject({ status: 'verified', mailRecords: 'unreachable' })
    } finally {
      scene.mail.faults.clear()
    }
  })

  it('is given up, and another’s then; the last one with mailboxes stays', async () => {
    const [first, second] = [scene.freshName(), scene.freshName()]
    await scene.own(first)
    const last = await scene.boss.delete(`${scene.at}/${first}`)
    expect([last.status, last.json.code]).toEqual([409, 'domain.holds_mailboxes'])
    await scene.own(second)
    const before = await scene.runs()
    expect((await scene.boss.delete(`${scene.at}/${first}`)).status).toBe(204)
    expect(await scene.runs()).toBe(before + 1)
    expect((await scene.boss.delete(`${scene.at}/${first}`)).status).toBe(404)
    expect((await scene.boss.get(`/api/tenants/${scene.slug}`)).json.domains).toEqual([second])
    expect(await scene.audit('domain.removed')).toMatchObject([{ before: { domain: first } }])
    await scene.own(first, await scene.newTenant())
  })

  it('is one of fifty at most', async () => {
    const tenant = await given.database.client.tenant.findUniqueOrThrow({ where: { slug: scene.slug } })
    const scope = scene.portal.container.scopes.platform('test')
    const { domains } = scope.stores.ofTenant(tenant.id)
    const expiresAt = new Date(scene.clock.now().getTime() + 1000)
    for (let number = 0; number < 50; number += 1)
      await domains.claim({ name: `n${number}.${scene.slug}.example`, challenge: 'x', expiresAt })
    const { status, json } = await scene.boss.post(scene.at, { name: scene.freshName() })
    expect([status, json.code]).toEqual([409, 'domain.too_many'])
  })
})
