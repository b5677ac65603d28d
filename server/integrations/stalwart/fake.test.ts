import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { itIsAControlledFake } from '~~/tests/harness/fake-control-suite'
import { startStalwartFake, type StalwartFake } from './fake'

let fake: StalwartFake
afterEach(() => fake.stop())

const json = { 'content-type': 'application/json' }
async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = json) {
  const response = await fetch(fake.url + path, {
    method,
    headers: { authorization: `Bearer ${fake.token}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : undefined) as unknown,
  }
}

const using = ['urn:ietf:params:jmap:core', 'urn:stalwart:jmap']
async function jmap(...methodCalls: unknown[]) {
  const { body } = await call('POST', '/jmap/', { using, methodCalls })
  return (body as { methodResponses: [string, Record<string, unknown>, string][] }).methodResponses
}
const set = async (type: string, args: object) => (await jmap([`${type}/set`, args, 'c0']))[0]?.[1]
const create = (type: string, object: object) => set(type, { create: { new: object } })
const user = { '@type': 'User', name: 'ada', domainId: 'b' }

describe('the fake of 0.16', () => {
  beforeEach(async () => {
    fake = await startStalwartFake({ keysAfter: 'held' })
  })

  it.each([
    [
      'a list that is an array',
      { name: 'a.example', aliases: ['b.example'] },
      { type: 'invalidPatch', properties: ['aliases'] },
    ],
    [
      'a property that is not there',
      { name: 'a.example', nmae: 'x' },
      { type: 'invalidPatch', properties: ['nmae'] },
    ],
    [
      'what the server sets',
      { name: 'a.example', dnsZoneFile: '' },
      { type: 'invalidPatch', properties: ['dnsZoneFile'] },
    ],
    ['a set of something else', { name: 'a.example', aliases: { 'b.example': 1 } }, { type: 'invalidPatch' }],
    [
      'a variant that is not there',
      { name: 'a.example', dkimManagement: { '@type': 'Auto' } },
      { type: 'invalidPatch' },
    ],
    ['no name', {}, { type: 'validationFailed', validationErrors: [{ type: 'Required', property: 'name' }] }],
    ['a name that is none', { name: 'a' }, { type: 'invalidPatch', properties: ['name'] }],
    ['an empty description', { name: 'a.example', description: '' }, { type: 'invalidPatch' }],
  ])('refuses and records %s', async (_what, object, error) => {
    expect(await create('x:Domain', object)).toMatchObject({ notCreated: { new: error } })
    expect(fake.violations()).toHaveLength(1)
    expect(fake.domains()).toEqual([])
  })

  it.each([
    [
      'a permission that is not there',
      { ...user, permissions: { '@type': 'Merge', disabledPermissions: { fly: true } } },
    ],
    ['a password that is short', { ...user, credentials: { '0': { '@type': 'Password', secret: 'short' } } }],
    ['an API key', { ...user, credentials: { '0': { '@type': 'ApiKey' } } }],
    ['a whole address as its name', { ...user, name: 'ada@a.example' }],
    ['a quota that is not there', { ...user, quotas: { maxPonies: 1 } }],
    ['a key of a list that is no number', { ...user, aliases: { a: { name: 'x', domainId: 'b' } } }],
  ])('refuses and records an account with %s', async (_what, object) => {
    fake.addDomain({ name: 'a.example' })
    expect(await create('x:Account', object)).toMatchObject({ notCreated: { new: { type: 'invalidPatch' } } })
    expect(fake.violations()).toHaveLength(1)
  })

  it('keeps names and addresses unique, and says who has them', async () => {
    fake.addDomain({ name: 'a.example', aliases: ['b.example'] })
    fake.addAccount({ email: 'ada@a.example', aliases: ['info@a.example'] })
    for (const name of ['a.example', 'b.example']) {
      expect(await create('x:Domain', { name })).toMatchObject({
        notCreated: { new: { type: 'primaryKeyViolation', objectId: { object: 'Domain', id: 'b' } } },
      })
    }
    for (const name of ['ada', 'info']) {
      expect(await create('x:Account', { ...user, name })).toMatchObject({
        notCreated: { new: { type: 'primaryKeyViolation', objectId: { object: 'Account', id: 'c' } } },
      })
    }
    expect(await create('x:Account', { ...user, domainId: 'zz' })).toMatchObject({
      notCreated: { new: { type: 'invalidForeignKey', objectId: { object: 'Domain', id: 'zz' } } },
    })
    expect(fake.violations()).toEqual([])
  })

  it('makes keys in the background, and deletes no domain that is linked', async () => {
    await create('x:Domain', { name: 'a.example', dkimManagement: { '@type': 'Automatic' } })
    expect(fake.domains()).toMatchObject([{ keys: [] }])
    fake.runTasks()
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
    expect(await set('x:Domain', { destroy: ['b'] })).toMatchObject({
      notDestroyed: { b: { type: 'objectIsLinked', linkedObjects: [{ object: 'DkimSignature' }, {}] } },
    })
    const [, query] = await jmap(
      ['x:DkimSignature/query', { filter: { domainId: 'b' } }, 'q'],
      [
        'x:DkimSignature/get',
        { '#ids': { resultOf: 'q', name: 'x:DkimSignature/query', path: '/ids' } },
        'g',
      ],
    )
    expect(query?.[1]).toMatchObject({ list: [{ privateKey: { secret: '*****' } }, {}] })
    await set('x:DkimSignature', { destroy: (query?.[1].list as { id: string }[]).map(({ id }) => id) })
    expect(await set('x:Domain', { destroy: ['b', 'zz'] })).toMatchObject({
      destroyed: ['b'],
      notDestroyed: { zz: { type: 'notFound' } },
    })
  })

  it('takes keys of the form that Stalwart reads alone', async () => {
    fake.addDomain({ name: 'a.example' })
    const privateKey = {
      '@type': 'Text',
      secret: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n',
    }
    for (const type of ['Dkim1RsaSha256', 'Dkim1Ed25519Sha256']) {
      expect(
        await create('x:DkimSignature', { '@type': type, domainId: 'b', selector: 's', privateKey }),
      ).toMatchObject({
        notCreated: { new: { description: 'Failed to validate DKIM signature' } },
      })
    }
  })

  it('changes by pointers, and replaces what they name', async () => {
    fake.addDomain({ name: 'a.example' })
    fake.addAccount({ email: 'ada@a.example', aliases: ['x@a.example', 'y@a.example'] })
    const update = (patch: object) => set('x:Account', { update: { c: patch } })
    expect(await update({ 'aliases/0': null, 'quotas/maxDiskQuota': 7 })).toMatchObject({
      updated: { c: null },
    })
    expect(fake.accounts()).toMatchObject([{ aliases: ['y@a.example'], quotaBytes: 7 }])
    await update({ aliases: {}, quotas: {} })
    expect(fake.accounts()).toMatchObject([{ aliases: [], quotaBytes: null }])
    expect(await update({ 'nothing/0': 1 })).toMatchObject({ notUpdated: { c: { type: 'invalidPatch' } } })
    expect(await set('x:Account', { update: { zz: {} } })).toMatchObject({
      notUpdated: { zz: { type: 'notFound' } },
    })
  })

  it('matches words, of which each is cut to the page unless it counts', async () => {
    for (let index = 0; index < 30; index++) fake.addDomain({ name: `d${index}.shared.example` })
    const query = async (args: object) => (await jmap(['x:Domain/query', args, 'c']))[0]?.[1]
    const filter = { text: 'd20.shared' }
    expect(await query({ filter, limit: 5, calculateTotal: true })).toMatchObject({ total: 1 })
    expect(await query({ filter, limit: 5 })).toMatchObject({ ids: [] })
    expect(
      await query({ filter: { text: 'SHARED' }, calculateTotal: true, limit: 5, position: 28 }),
    ).toMatchObject({
      ids: [expect.any(String), expect.any(String)],
      total: 30,
    })
    expect(await query({ filter: { name: '' } })).toMatchObject({ ids: [] })
    expect(fake.violations()).toEqual([])
    expect(await query({ filter: { dkim: 'x' } })).toMatchObject({ type: 'unsupportedFilter' })
    expect(await query({ sort: [{ property: 'name' }] })).toMatchObject({ type: 'unsupportedSort' })
    expect(fake.violations()).toHaveLength(2)
  })

  it('refuses requests that are none, and methods that it does not know', async () => {
    expect(await call('POST', '/jmap/', { methodCalls: [] })).toMatchObject({ status: 400 })
    expect(
      await call('POST', '/jmap/', { using: using.slice(0, 1), methodCalls: [['x:Domain/get', {}, 'c']] }),
    ).toMatchObject({
      status: 400,
      body: { type: 'urn:ietf:params:jmap:error:unknownCapability' },
    })
    const many = Array.from({ length: 17 }, (_, index) => ['x:Domain/get', {}, String(index)])
    expect(await call('POST', '/jmap/', { using, methodCalls: many })).toMatchObject({
      body: { type: 'urn:ietf:params:jmap:error:limit' },
    })
    expect(await jmap(['x:Tenant/get', {}, 'c'])).toEqual([['error', { type: 'unknownMethod' }, 'c']])
    expect(await jmap(['x:Domain/get', { properties: ['nmae'] }, 'c'])).toMatchObject([
      ['error', { type: 'invalidArguments' }, 'c'],
    ])
    expect(await jmap(['x:Domain/get', { ids: Array(501).fill('b') }, 'c'])).toMatchObject([
      ['error', { type: 'requestTooLarge' }, 'c'],
    ])
    expect(fake.violations()).toHaveLength(6)
  })

  it('answers 404 to the paths of 0.15, and names itself in the session', async () => {
    expect(await call('GET', '/api/principal')).toMatchObject({
      status: 404,
      body: { type: 'about:blank', status: 404 },
    })
    const { body } = await call('GET', '/jmap/session')
    expect(JSON.stringify(body)).toContain('urn:stalwart:jmap')
    expect((body as { capabilities: object }).capabilities).not.toHaveProperty('urn:stalwart:jmap')
  })

  it('refuses a password where people are kept elsewhere', async () => {
    await fake.stop()
    fake = await startStalwartFake({ isExternal: true })
    fake.addDomain({ name: 'a.example' })
    const credentials = { '0': { '@type': 'Password', secret: 'four words of mine' } }
    expect(await create('x:Account', { ...user, credentials })).toMatchObject({
      notCreated: { new: { type: 'forbidden' } },
    })
  })
})

describe('the fake of 0.15', () => {
  beforeEach(async () => {
    fake = await startStalwartFake({ dialect: 'rest' })
  })
  const post = (body: object) => call('POST', '/api/principal', body)

  it('answers 200 to what it refuses', async () => {
    fake.addDomain({ name: 'a.example' })
    fake.addAccount({ email: 'ada@a.example' })
    for (const [body, error] of [
      [
        { type: 'domain', name: 'A.example' },
        { error: 'fieldAlreadyExists', field: 'name', value: 'a.example' },
      ],
      [
        { type: 'individual', name: 'x', emails: ['ada@a.example'] },
        { error: 'fieldAlreadyExists', field: 'emails' },
      ],
      [
        { type: 'individual', name: 'x', emails: ['x@b.example'] },
        { error: 'notFound', item: 'b.example' },
      ],
      [{ type: 'individual', name: 'x', disabledPermissions: ['fly'] }, { error: 'other' }],
    ] as const) {
      expect(await post(body)).toMatchObject({ status: 200, body: error })
    }
    expect(await call('GET', '/api/principal/nobody')).toMatchObject({
      status: 200,
      body: { error: 'notFound' },
    })
    expect(fake.violations()).toEqual([])
  })

  it.each([
    ['POST', '/api/principal', { type: 'domain', name: 'a.example', emial: [] }],
    ['POST', '/api/principal', { type: 'pony', name: 'a.example' }],
    ['POST', '/api/principal', { type: 'domain', name: 'a.example', description: 'x'.repeat(513) }],
    ['PATCH', '/api/principal/a', [{ action: 'set', field: 'quota', value: '7' }]],
    ['PATCH', '/api/principal/a', [{ action: 'add', field: 'emails', value: 'x@a.example' }]],
    ['PATCH', '/api/principal/a', { action: 'set', field: 'name', value: 'x' }],
    ['POST', '/api/dkim', { id: null, algorithm: 'rsa', domain: 'a.example', selector: null }],
    ['POST', '/api/settings', [{ type: 'delete', prefix: 'x' }]],
    ['GET', '/api/principal?pgae=1', undefined],
  ])('refuses and records %s %s %j', async (method, path, body) => {
    expect(await call(method, path, body)).toMatchObject({ status: 400 })
    expect(fake.violations()).toHaveLength(1)
  })

  it('lists a page by name, a list of one as a text', async () => {
    fake.addDomain({ name: 'a.example' })
    fake.addAccount({ email: 'bob@a.example', aliases: ['b@a.example'] })
    fake.addAccount({ email: 'ada@a.example' })
    const path = '/api/principal?types=individual&fields=name,emails&limit=1&page='
    expect(await call('GET', `${path}1`)).toMatchObject({
      body: { data: { items: [{ name: 'ada@a.example', emails: 'ada@a.example' }], total: 2 } },
    })
    expect(await call('GET', `${path}2`)).toMatchObject({
      body: { data: { items: [{ emails: ['bob@a.example', 'b@a.example'] }] } },
    })
    expect(await call('GET', `${path}1&filter=bob`)).toMatchObject({ body: { data: { total: 1 } } })
  })

  it('uses a key after its settings were read again, and repeats one that is there', async () => {
    fake.addDomain({ name: 'a.example' })
    const key = { id: null, algorithm: 'Rsa', domain: 'a.example', selector: null }
    expect(await call('POST', '/api/dkim', key)).toMatchObject({ body: { data: null } })
    expect(fake.domains()).toMatchObject([{ keys: [] }])
    await call('GET', '/api/reload')
    expect(fake.domains()).toMatchObject([{ keys: ['rsa'] }])
    expect(await call('POST', '/api/dkim', key)).toMatchObject({
      body: { error: 'fieldAlreadyExists', value: expect.stringContaining('PRIVATE KEY') },
    })
  })

  it('clears all that begins with a prefix', async () => {
    for (const domain of ['a.example', 'a.example.org']) {
      fake.addDomain({ name: domain })
      await call('POST', '/api/dkim', { id: null, algorithm: 'Rsa', domain, selector: null })
    }
    await call('GET', '/api/reload')
    await call('POST', '/api/settings', [{ type: 'clear', prefix: 'signature.rsa-a.example.' }])
    expect(fake.domains()).toMatchObject([{ keys: [] }, { keys: [] }])
  })

  it('takes people who are kept elsewhere on another path alone', async () => {
    await fake.stop()
    fake = await startStalwartFake({ dialect: 'rest', isExternal: true })
    const body = { type: 'individual', name: 'ada' }
    expect(await post(body)).toMatchObject({ status: 200, body: { error: 'unsupported' } })
    expect(await call('POST', '/api/principal/deploy', body)).toMatchObject({
      body: { data: expect.any(Number) },
    })
  })

  it('knows nothing of managing over JMAP, and takes no key there', async () => {
    expect(await call('POST', '/jmap/', { using, methodCalls: [] })).toMatchObject({
      status: 400,
      body: { type: 'urn:ietf:params:jmap:error:unknownCapability' },
    })
    expect(await call('GET', '/jmap/session')).toMatchObject({ status: 401 })
    const response = await fetch(`${fake.url}/jmap/session`)
    expect(response.status).toBe(200)
    expect(await response.text()).not.toContain('urn:stalwart:jmap')
    expect(await call('GET', '/api/queue/messages')).toMatchObject({ status: 404 })
  })

  itIsAControlledFake({
    fake: () => fake,
    call,
    at: {
      path: '/api/principal',
      lists: 'principal/list',
      makes: 'principal/create',
      body: { type: 'domain', name: 'a.example' },
    },
    notPerformed: 'x:Tenant/get',
    whereRefused: 401,
  })
})

describe.each(['jmap', 'rest'] as const)('the fake, %s,', (dialect) => {
  beforeEach(async () => {
    fake = await startStalwartFake({ dialect })
  })
  const path = dialect === 'jmap' ? '/jmap/' : '/api/principal'

  it.each([{ authorization: 'Bearer wrong' }, { authorization: 'Basic eDp5' }, { authorization: '' }])(
    'answers 401 to %o',
    async (headers) => {
      const answer = await call('GET', path, undefined, headers)
      expect(answer).toMatchObject({ status: 401, body: { status: 401, title: 'Unauthorized' } })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="Stalwart Server"')
    },
  )

  it('answers 415 and 400 to what is not JSON', async () => {
    expect(await call('POST', path, 'a', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
    expect(await call('POST', path, '{')).toMatchObject({ status: 400 })
  })

  it('has what it holds changed by who controls it', async () => {
    expect(await call('POST', '/-/domains', { name: 'a.example' })).toMatchObject({ status: 201 })
    expect(await call('POST', '/-/domains', { name: 'a.example' })).toMatchObject({ status: 422 })
    expect(await call('POST', '/-/accounts', { email: 'ada@a.example' })).toMatchObject({ status: 201 })
    expect(await call('POST', '/-/accounts', { email: 'ada' })).toMatchObject({ status: 422 })
    expect(await call('POST', '/-/tasks')).toMatchObject({ status: 204 })
    expect(await call('GET', '/-/state')).toMatchObject({
      body: { domains: [{ name: 'a.example' }], accounts: [{ email: 'ada@a.example' }] },
    })
    expect(await call('DELETE', '/-/state')).toMatchObject({ status: 204 })
    expect([fake.domains(), fake.accounts(), fake.requests()]).toEqual([[], [], 0])
  })

  it('measures how many calls were under way at once', async () => {
    fake.faults.add({ kind: 'hang', times: 'always' })
    const hanging = Promise.allSettled([1, 2, 3].map(() => call('GET', '/jmap/session')))
    await vi.waitFor(() => expect(fake.calls().session).toBe(3))
    expect(fake.peakConcurrency()).toBe(3)
    await fake.stop()
    expect(await hanging).toMatchObject([1, 2, 3].map(() => ({ status: 'rejected' })))
  })
})
