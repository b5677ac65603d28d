import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('tenants', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock, env: { DELETE_GRACE_SECONDS: '3600' } })
    boss = await portal.operator()
  })
  afterAll(() => portal.close())

  const create = async (slug: string, plan = 'mvp') => {
    const answer = await boss.post('/api/tenants', { slug, name: `Tenant ${slug}`, plan })
    expect(answer.status).toBe(201)
    return answer
  }

  it('creates tenant, membership, subscription and steps at once', async () => {
    const { json, headers } = await create('acme', 'pro')
    expect(json).toMatchObject({ slug: 'acme', status: 'pending', plan: 'pro', role: 'owner', domains: [] })
    expect(headers.get('etag')).toMatch(/^"1\.[0-9a-f]{16}"$/)
    expect((await boss.get('/api/tenants/acme/members')).json.items).toMatchObject([
      { role: 'owner', source: 'manual' },
    ])
    expect((await boss.get('/api/tenants/acme/subscription')).json).toMatchObject({
      plan: 'pro',
      seats: 50,
      seatsUsed: 1,
    })
    const provisioning = (await boss.get('/api/tenants/acme/provisioning')).json
    expect(
      provisioning.steps.map((step: { service: string; status: string }) => [step.service, step.status]),
    ).toEqual([
      ...[1, 2].map(() => ['authentik', 'pending']),
      ...[1, 2].map(() => ['stalwart', 'pending']),
      ...[1, 2].map(() => ['ocis', 'pending']),
      ['mail', 'pending'],
    ])
    const actions = (await boss.get('/api/tenants/acme/audit')).json.items.map(
      (entry: { action: string }) => entry.action,
    )
    expect(actions.sort()).toEqual(['subscription.created', 'tenant.created'])
  })

  it('makes one tenant of twenty creates of one slug at once', async () => {
    const attempt = () => boss.post('/api/tenants', { slug: 'contested', name: 'Contested' })
    const answers = await Promise.all(Array.from({ length: 20 }, attempt))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)])
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('tenant.slug_taken')
    expect(await given.database.client.tenant.count({ where: { slug: 'contested' } })).toBe(1)
    expect(await given.database.client.subscription.count({ where: { tenant: { slug: 'contested' } } })).toBe(
      1,
    )
  })

  it('makes twenty tenants of one person at once', async () => {
    const slugs = Array.from({ length: 20 }, (_, number) => `at-once-${number}`)
    const made = await Promise.all(slugs.map((slug) => boss.post('/api/tenants', { slug, name: 'At once' })))
    expect(made.map(({ status }) => status)).toEqual(slugs.map(() => 201))
    const where = { tenant: { slug: { startsWith: 'at-once-' } } }
    expect(await given.database.client.membership.count({ where })).toBe(20)
    expect(await given.database.client.subscription.count({ where })).toBe(20)
  })

  it.each(['ab', 'Acme', '-acme', 'acme-', 'a_b_c', 'admin', 'x'.repeat(41), ''])(
    'refuses the slug %j',
    async (slug) => {
      const answer = await boss.post('/api/tenants', { slug, name: 'Name' })
      expect(answer.status).toBe(422)
      expect(answer.json).toMatchObject({ code: 'request.invalid', errors: [{ path: 'slug' }] })
    },
  )

  it('says whether a slug can be had', async () => {
    await create('occupied')
    const check = async (slug: string) => (await boss.get(`/api/slugs/${slug}`)).json
    expect(await check('free-one')).toEqual({ slug: 'free-one', available: true })
    expect(await check('occupied')).toMatchObject({ available: false, reason: 'taken' })
    expect(await check('admin')).toMatchObject({ available: false, reason: 'reserved' })
    expect(await check('A B')).toMatchObject({ available: false, reason: 'invalid' })
  })

  it('renames with the right ETag alone, and never changes the slug', async () => {
    await create('renamed')
    const { headers } = await boss.get('/api/tenants/renamed')
    const etag = headers.get('etag') ?? ''
    expect((await boss.get('/api/tenants/renamed', { 'if-none-match': etag })).status).toBe(304)
    const changed = await boss.patch('/api/tenants/renamed', { name: 'New Name' }, { 'if-match': etag })
    expect(changed.json).toMatchObject({ name: 'New Name', slug: 'renamed' })
    expect(changed.headers.get('etag')).toMatch(/^"2\./)
    const stale = await boss.patch('/api/tenants/renamed', { name: 'Other' }, { 'if-match': etag })
    expect([stale.status, stale.json.code]).toEqual([412, 'tenant.changed_meanwhile'])
    expect((await boss.patch('/api/tenants/renamed', { slug: 'other' })).status).toBe(422)
    expect(
      (await boss.patch('/api/tenants/renamed', { name: 'Other' }, { 'if-match': 'nonsense' })).status,
    ).toBe(400)
  })

  it('has a language for its mails, that of the portal where nothing is said, and its admins change it', async () => {
    expect((await create('spoken')).json.locale).toBe('en')
    const german = await boss.post('/api/tenants', { slug: 'german', name: 'Deutsch', locale: 'de' })
    expect([german.status, german.json.locale]).toEqual([201, 'de'])
    const admin = await portal.signedIn({ email: 'words@example.org' })
    await boss.post('/api/tenants/spoken/members', { email: 'words@example.org', role: 'admin' })
    const changed = await admin.patch('/api/tenants/spoken', { locale: 'de' })
    expect([changed.status, changed.json]).toMatchObject([200, { name: 'Tenant spoken', locale: 'de' }])
    const [entry] = (await admin.get('/api/tenants/spoken/audit')).json.items
    expect(entry).toMatchObject({
      action: 'tenant.updated',
      before: { locale: 'en' },
      after: { locale: 'de' },
    })
    for (const locale of ['fr', 'de-AT', '', null]) {
      const refused = await admin.patch('/api/tenants/spoken', { locale })
      expect([refused.status, refused.json.errors[0].path]).toEqual([422, 'locale'])
    }
    expect((await admin.get('/api/tenants/spoken')).json.locale).toBe('de')
  })

  it('gives another ETag where another plan is shown, so that no client keeps the old one', async () => {
    await create('upgraded')
    const before = (await boss.get('/api/tenants/upgraded')).headers.get('etag') ?? ''
    await boss.patch('/api/tenants/upgraded/subscription', { plan: 'pro' })
    const after = await boss.get('/api/tenants/upgraded', { 'if-none-match': before })
    expect([after.status, after.json.plan]).toEqual([200, 'pro'])
    expect((await boss.patch('/api/tenants/upgraded', { name: 'Up' }, { 'if-match': before })).status).toBe(
      200,
    )
  })

  it('replays the answer to a repeated Idempotency-Key, and refuses it for another body', async () => {
    const key = { 'idempotency-key': 'create-twice' }
    const first = await boss.post('/api/tenants', { slug: 'once-only', name: 'Once' }, key)
    const again = await boss.post('/api/tenants', { slug: 'once-only', name: 'Once' }, key)
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.json).toEqual(first.json)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    const other = await boss.post('/api/tenants', { slug: 'another', name: 'Other' }, key)
    expect([other.status, other.json.code]).toEqual([409, 'idempotency.key_reused'])
  })

  it('pages through all tenants once, and finds by the start of slug or name without accents', async () => {
    for (let index = 0; index < 7; index += 1) await create(`paged-${index}`)
    await boss.post('/api/tenants', { slug: 'koeln', name: 'Köln Häfen' })
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: { items: { slug: string }[]; nextCursor: string | null } = (
        await boss.get(`/api/tenants?limit=3&search=paged-${cursor && `&cursor=${cursor}`}`)
      ).json
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map((tenant) => tenant.slug))
      cursor = page.nextCursor
    }
    expect(seen).toEqual(['paged-6', 'paged-5', 'paged-4', 'paged-3', 'paged-2', 'paged-1', 'paged-0'])
    const found = (await boss.get('/api/tenants?search=koln')).json.items
    expect(found.map((tenant: { slug: string }) => tenant.slug)).toEqual(['koeln'])
    expect((await boss.get('/api/tenants?cursor=nonsense')).status).toBe(422)
    expect((await boss.get('/api/tenants?limit=201')).status).toBe(422)
  })

  it('shows members their own tenants alone, and a foreign one as if it did not exist', async () => {
    await create('mine')
    await create('foreign')
    const mia = await portal.signedIn({ email: 'mia@example.org' })
    await boss.post('/api/tenants/mine/members', { email: 'mia@example.org' })
    expect((await mia.get('/api/tenants')).json.items.map((tenant: { slug: string }) => tenant.slug)).toEqual(
      ['mine'],
    )
    const [foreign, absent] = [
      await mia.get('/api/tenants/foreign'),
      await mia.get('/api/tenants/does-not-exist'),
    ]
    const withoutId = ({ requestId: _, ...problem }: Record<string, unknown>) => problem
    expect(foreign.status).toBe(404)
    expect(withoutId(foreign.json)).toEqual(withoutId(absent.json))
    expect((await mia.get('/api/me')).json.tenants).toHaveLength(1)
    expect((await mia.get('/api/subscriptions')).json.items).toMatchObject([{ tenant: 'mine' }])
  })

  it('adds, changes and removes members, with the rules of the roles', async () => {
    await create('crew')
    const admin = await portal.signedIn({ email: 'ada@example.org' })
    const member = await portal.signedIn({ email: 'max@example.org' })
    const ada = (await boss.post('/api/tenants/crew/members', { email: 'ada@example.org', role: 'admin' }))
      .json
    const max = (await admin.post('/api/tenants/crew/members', { email: 'Max@example.org' })).json
    expect(max).toMatchObject({ role: 'member', email: 'max@example.org' })
    const again = await admin.post('/api/tenants/crew/members', { email: 'max@example.org' })
    expect([again.status, again.json.code]).toEqual([409, 'member.already_there'])
    const unknown = await admin.post('/api/tenants/crew/members', { email: 'nobody@example.org' })
    expect([unknown.status, unknown.json.code]).toEqual([404, 'user.not_found'])

    expect((await member.post('/api/tenants/crew/members', { email: 'ada@example.org' })).status).toBe(403)
    const promote = await admin.patch(`/api/tenants/crew/members/${max.userId}`, { role: 'owner' })
    expect([promote.status, promote.json.code]).toEqual([403, 'member.role_refused'])
    expect((await boss.patch(`/api/tenants/crew/members/${ada.userId}`, { role: 'owner' })).json.role).toBe(
      'owner',
    )
    expect((await admin.delete(`/api/tenants/crew/members/${max.userId}`)).status).toBe(204)
    expect((await member.get('/api/tenants/crew')).status).toBe(404)
  })

  it('keeps the last owner, also when all owners leave at once', async () => {
    await create('owned')
    const owners = ['o1@example.org', 'o2@example.org', 'o3@example.org']
    for (const email of owners) {
      await portal.signedIn({ email })
      await boss.post('/api/tenants/owned/members', { email, role: 'owner' })
    }
    const { items } = (await boss.get('/api/tenants/owned/members')).json
    expect(items).toHaveLength(4)
    const leave = ({ userId }: { userId: string }) => boss.delete(`/api/tenants/owned/members/${userId}`)
    const answers = await Promise.all(items.map(leave))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 204, 204, 409])
    const [left] = (await boss.get('/api/tenants/owned/members')).json.items
    const demote = await boss.patch(`/api/tenants/owned/members/${left.userId}`, { role: 'member' })
    expect([demote.status, demote.json.code]).toEqual([409, 'member.last_owner'])
  })

  it('respects the seats of the plan, also when people are added at once', async () => {
    await create('seats')
    const people = Array.from({ length: 8 }, (_, index) => `seat${index}@example.org`)
    for (const email of people) await boss.post('/api/users', { email, name: email })
    const answers = await Promise.all(
      people.map((email) => boss.post('/api/tenants/seats/members', { email })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4)
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('subscription.seats_exhausted')
    expect((await boss.patch('/api/tenants/seats/subscription', { plan: 'pro' })).json).toMatchObject({
      seats: 50,
    })
    expect((await boss.post('/api/tenants/seats/members', { email: 'mia@example.org' })).status).toBe(201)
    const down = await boss.patch('/api/subscriptions/seats', { plan: 'mvp' })
    expect([down.status, down.json.code]).toEqual([409, 'subscription.does_not_fit'])
  })

  it('deletes with a time of grace, and restores within it', async () => {
    await create('doomed')
    const gone = await boss.delete('/api/tenants/doomed')
    expect([gone.status, gone.json.status]).toEqual([202, 'deleting'])
    expect(gone.json.purgeAt).toBe(new Date(clock.now().getTime() + 3_600_000).toISOString())
    expect((await boss.delete('/api/tenants/doomed')).json.purgeAt).toBe(gone.json.purgeAt)
    expect((await boss.post('/api/tenants/doomed/restore')).json).toMatchObject({
      status: 'pending',
      purgeAt: null,
    })
    expect((await boss.post('/api/tenants/doomed/restore')).json.code).toBe('tenant.not_deleted')
    await boss.delete('/api/tenants/doomed')
    clock.advance(3_601)
    expect((await boss.post('/api/tenants/doomed/restore')).json.code).toBe('tenant.restore_too_late')
  })

  it('rests while it is suspended: its people read, operators alone change, and it is resumed', async () => {
    await create('resting')
    const admin = await portal.signedIn({ email: 'rita@example.org' })
    await boss.post('/api/tenants/resting/members', { email: 'rita@example.org', role: 'admin' })
    expect((await admin.post('/api/tenants/resting/suspend')).json.code).toBe('access.denied')
    for (const _twice of [1, 2]) {
      const { status, json } = await boss.post('/api/tenants/resting/suspend')
      expect([status, json.status]).toEqual([202, 'suspended'])
    }
    expect((await admin.get('/api/tenants/resting')).json.status).toBe('suspended')
    expect((await admin.get('/api/tenants/resting/members')).status).toBe(200)
    for (const refused of [
      await admin.patch('/api/tenants/resting', { name: 'Mine' }),
      await admin.post('/api/tenants/resting/members', { email: 'mia@example.org' }),
      await admin.post('/api/tenants/resting/reconcile'),
    ])
      expect([refused.status, refused.json.code]).toEqual([409, 'tenant.not_active'])
    expect((await boss.patch('/api/tenants/resting', { name: 'Still ours' })).status).toBe(200)
    const causes = (await boss.get('/api/tenants/resting/runs')).json.items
    expect(causes.map(({ cause }: { cause: string }) => cause)).toContain('suspended')
    expect((await boss.post('/api/tenants/resting/restore')).json.code).toBe('tenant.not_deleted')
    expect((await boss.post('/api/tenants/resting/resume')).json.status).toBe('pending')
    expect((await admin.patch('/api/tenants/resting', { name: 'Ours' })).status).toBe(200)
    expect((await boss.post('/api/tenants/resting/archive')).json.status).toBe('archived')
    const [made] = (await boss.get('/api/tenants/resting/exports')).json.items
    const exported = (await boss.get(`/api/tenants/resting/exports/${made.id}?limit=1`)).json
    expect(exported.parts).toMatchObject([{ number: 1, kind: 'audit' }])
    const resumed = await boss.post('/api/tenants/resting/resume')
    expect([resumed.status, resumed.json.code]).toEqual([409, 'tenant.wrong_status'])
    expect((await boss.post('/api/tenants/resting/restore')).json.status).toBe('pending')
  })

  it('writes who did what into the audit, with what changed and the request', async () => {
    await create('watched')
    await boss.patch('/api/tenants/watched', { name: 'Watched Closely' }, { 'x-request-id': 'request-42' })
    const [entry] = (await boss.get('/api/tenants/watched/audit?limit=1')).json.items
    expect(entry).toMatchObject({
      action: 'tenant.updated',
      actor: { kind: 'user', name: 'Olga Operator' },
      subject: { kind: 'tenant' },
      before: { name: 'Tenant watched' },
      after: { name: 'Watched Closely' },
      requestId: 'request-42',
    })
    const everything = JSON.stringify((await boss.get('/api/audit?limit=200')).json)
    expect(everything).not.toMatch(/argon2|passwordHash|tokenHash/)
  })
})

describeEachDatabase('the seed tenant', (given) => {
  it('is made once by several processes that start at once', async () => {
    const { ensureTenant } = await import('#server/domain/tenants/tenants')
    const [one, two] = await Promise.all([startPortal(given.url), startPortal(given.url)])
    try {
      const made = await Promise.all(
        [one, two, one, two].map(({ container }) =>
          ensureTenant(container.scopes.platform('boot'), 'seeded'),
        ),
      )
      expect(made.filter(Boolean)).toHaveLength(1)
      expect(await ensureTenant(one.container.scopes.platform('boot'), 'seeded')).toBe(false)
      expect(await given.database.client.subscription.count()).toBe(1)
    } finally {
      await Promise.all([one.close(), two.close()])
    }
  })
})
