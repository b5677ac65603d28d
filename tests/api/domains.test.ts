import { expect, it } from 'vitest'
import { removeExpiredClaims } from '#server/domain/domains/domains'
import { describeEachDatabase } from '../harness/databases'
import { domainsScene, recordOf } from '../harness/domains'

describeEachDatabase('domains', (given) => {
  const scene = domainsScene(given)

  it('is claimed, verified by its TXT record, and then the tenant’s', async () => {
    const name = scene.freshName()
    const added = await scene.boss.post(scene.at, { name: ` ${name.toUpperCase()}. ` })
    expect([added.status, added.json]).toMatchObject([
      201,
      { name, status: 'pending', verifiedAt: null, mailRecords: 'pending' },
    ])
    const { challenge } = added.json
    expect(challenge).toEqual({
      type: 'TXT',
      name: `_tenantry-challenge.${name}`,
      value: expect.stringMatching(/^tenantry-verification=[\w-]{43}$/),
    })
    expect(added.json.records).toMatchObject([{ purpose: 'ownership', ...challenge, status: 'unknown' }])
    expect(Date.parse(added.json.expiresAt) - scene.clock.now().getTime()).toBe(7 * 86_400_000)
    expect((await scene.boss.get(`/api/tenants/${scene.slug}`)).json.domains).toEqual([])

    const before = await scene.runs()
    scene.publish(challenge)
    const verified = await scene.verify(name)
    expect(verified.json).toMatchObject({ name, status: 'verified', expiresAt: null })
    expect(recordOf(verified.json, 'ownership')).toMatchObject({ status: 'ok', drifted: false })
    expect(await scene.runs()).toBe(before + 1)
    expect((await scene.boss.get(`/api/tenants/${scene.slug}`)).json.domains).toEqual([name])
    const { items } = (await scene.boss.get('/api/tenants?limit=200')).json
    expect(items.find((tenant: { slug: string }) => tenant.slug === scene.slug).domains).toEqual([name])
    expect(await scene.audit('domain.claimed')).toMatchObject([{ after: { domain: name } }])
    expect(await scene.audit('domain.verified')).toMatchObject([{ actor: { name: 'Olga Operator' } }])
    expect((await scene.boss.get(scene.at)).json.items).toMatchObject([{ name, status: 'verified' }])
  })

  it.each([
    ['co.uk', 'name'],
    ['portal.example.org', 'name'],
    ['192.0.2.1', 'name'],
    ['a'.repeat(254), 'name'],
  ])('refuses %s at its field', async (name, path) => {
    const { status, json } = await scene.boss.post(scene.at, { name })
    expect([status, json.errors[0].path]).toEqual([422, path])
  })

  it('shows a name in letters as people write it', async () => {
    const { json } = await scene.boss.post(scene.at, { name: 'Bücher.example' })
    expect(json).toMatchObject({ name: 'xn--bcher-kva.example', displayName: 'bücher.example' })
  })

  it('is not verified by anything but the very text at the very name', async () => {
    const name = scene.freshName()
    const { name: host, value } = await scene.claim(name)
    const refused = async (code: string, status = 409) => {
      const { json, ...answer } = await scene.verify(name)
      expect([answer.status, json.code]).toEqual([status, code])
      expect(json.detail).toBeTruthy()
    }
    await refused('domain.challenge_missing')
    scene.names.setText(name, value)
    await refused('domain.challenge_missing')
    scene.names.setText(host, value.toUpperCase(), value.slice(0, -1), `${value}x`, 'tenantry-verification=')
    await refused('domain.challenge_different')
    scene.names.setText(host, [value.slice(0, 30), value.slice(30)], 'another')
    scene.names.behave(host, 'SERVFAIL')
    await refused('domain.lookup_failed', 503)
    scene.names.behave(host, undefined)
    expect((await scene.verify(name)).json.status).toBe('verified')
  })

  it('takes a challenge from no other name, such as one that a wildcard leads to', async () => {
    const name = scene.freshName()
    const { name: host, value } = await scene.claim(name)
    scene.names.set(host, 'CNAME', 'pages.shared.example')
    scene.names.setText('pages.shared.example', value)
    const { status, json } = await scene.verify(name)
    expect([status, json.code]).toEqual([409, 'domain.challenge_is_alias'])
  })

  it('says that nobody answered where nobody did, and not that something is wrong', async () => {
    const name = scene.freshName()
    const { name: host, value } = await scene.claim(name)
    scene.names.setText(host, value)
    scene.names.behave(host, 'silent')
    const { status, json } = await scene.verify(name)
    expect([status, json.code]).toEqual([503, 'domain.lookup_failed'])
    expect(json.detail).toContain('silent')
    scene.names.behave(host, undefined)
    scene.names.setText(
      host,
      value,
      ...Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(200)}`),
    )
    expect((await scene.verify(name)).json.status).toBe('verified')
  })

  it('can be claimed by several, and is whose it proves to be', async () => {
    const name = scene.freshName()
    const other = await scene.newTenant()
    const mine = await scene.claim(name)
    const theirs = await scene.claim(name, other)
    expect(mine.value).not.toBe(theirs.value)
    scene.names.setText(mine.name, theirs.value)
    expect((await scene.verify(name)).json.code).toBe('domain.challenge_different')
    expect((await scene.verify(name, other)).status).toBe(200)
    scene.names.setText(mine.name, mine.value)
    const refused = await scene.verify(name)
    expect([refused.status, refused.json.code]).toEqual([409, 'domain.taken'])
    expect(refused.text).not.toContain(other)
  })

  it('is not claimed where it, or what is above it, is another’s; what is below it is no obstacle', async () => {
    const name = scene.freshName()
    const other = await scene.newTenant()
    const early = await scene.claim(`early.${name}`)
    await scene.own(name, other)
    for (const taken of [name, `sub.${name}`, `a.b.${name}`]) {
      const { status, json, text } = await scene.boss.post(scene.at, { name: taken })
      expect([status, json.code]).toEqual([409, 'domain.taken'])
      expect(text).not.toContain(other)
    }
    scene.publish(early)
    expect((await scene.verify(`early.${name}`)).json.code).toBe('domain.taken')
    await scene.own(`sub.${name}`, other)
    const above = scene.freshName()
    await scene.own(`sub.${above}`)
    expect((await scene.own(above, other)).status).toBe('verified')
  })

  it('goes to one of two who verify it at once', async () => {
    const name = scene.freshName()
    const others = await Promise.all(Array.from({ length: 4 }, () => scene.newTenant()))
    const claims = await Promise.all(others.map((tenant) => scene.claim(name, tenant)))
    scene.names.setText(claims[0]?.name ?? '', ...claims.map(({ value }) => value))
    const answers = await Promise.all(
      others.flatMap((tenant) => [scene.verify(name, tenant), scene.verify(name, tenant)]),
    )
    const winners = others.filter((_, index) => answers[2 * index]?.status === 200)
    expect(winners).toHaveLength(1)
    const [winner] = winners.map((tenant) => others.indexOf(tenant))
    answers.forEach((answer, index) => {
      const isWinner = Math.floor(index / 2) === winner
      expect([answer.status, answer.json.code]).toEqual(isWinner ? [200, undefined] : [409, 'domain.taken'])
    })
    expect(await given.database.client.domain.count({ where: { verifiedName: name } })).toBe(1)
    expect(await scene.audit('domain.verified', winners[0])).toHaveLength(1)
  })

  it('is claimed once by one tenant, whoever asks at once', async () => {
    const name = scene.freshName()
    const answers = await Promise.all(Array.from({ length: 4 }, () => scene.boss.post(scene.at, { name })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    for (const { status, json } of answers) if (status === 409) expect(json.code).toBe('domain.already_added')
  })

  it('is not claimed for ever', async () => {
    const name = scene.freshName()
    const { value } = await scene.claim(name)
    await scene.advance(7 * 86_400)
    expect((await scene.boss.get(scene.at)).json.items).toEqual([])
    const late = await scene.verify(name)
    expect([late.status, late.json.code]).toEqual([404, 'domain.not_found'])
    expect((await scene.claim(name)).value).not.toBe(value)
    await scene.claim(scene.freshName())
    await scene.advance(7 * 86_400)
    const scope = scene.portal.container.scopes.platform('housekeeping')
    expect(await removeExpiredClaims(scope)).toBeGreaterThanOrEqual(2)
    expect(await removeExpiredClaims(scope)).toBe(0)
  })

  it('outlives what is over', async () => {
    const name = scene.freshName()
    await scene.own(name)
    await scene.advance(30 * 86_400)
    await removeExpiredClaims(scene.portal.container.scopes.platform('housekeeping'))
    expect((await scene.boss.get(`/api/tenants/${scene.slug}`)).json.domains).toEqual([name])
  })

  it('is a claim that can be taken back without a trace at the services', async () => {
    const name = scene.freshName()
    await scene.claim(name)
    const before = await scene.runs()
    expect((await scene.boss.delete(`${scene.at}/${name}`)).status).toBe(204)
    expect(await scene.runs()).toBe(before)
    expect(await scene.audit('domain.claim_withdrawn')).toHaveLength(1)
  })

  it('is verified so often at most', async () => {
    const name = scene.freshName()
    await scene.claim(name)
    const codes = new Set<string>()
    for (let time = 0; time < 61; time += 1) codes.add((await scene.verify(name)).json.code)
    expect([...codes]).toEqual(['domain.challenge_missing', 'rate.limited'])
  })

  it('is read by members and changed by admins', async () => {
    const email = `plain-${scene.slug}@else.example`
    const member = await scene.portal.signedIn({ email })
    await scene.boss.post(`/api/tenants/${scene.slug}/members`, { email, role: 'member' })
    const name = scene.freshName()
    await scene.claim(name)
    expect((await member.get(scene.at)).json.items).toMatchObject([{ name }])
    for (const answer of [
      await member.post(scene.at, { name: scene.freshName() }),
      await member.post(`${scene.at}/${name}/verify`),
      await member.delete(`${scene.at}/${name}`),
    ])
      expect([answer.status, answer.json.code]).toEqual([403, 'access.denied'])
  })
})
