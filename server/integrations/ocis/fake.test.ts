import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { itIsAControlledFake } from '~~/tests/harness/fake-control-suite'
import { startOcisFake, type OcisFake } from './fake'
import { loadOperations } from './fake-schema'
import { roleIds } from './permissions'

let now = new Date('2026-11-22T10:00:00Z')
let fake: OcisFake
beforeEach(async () => {
  fake = await startOcisFake({ clock: { now: () => now } })
})
afterEach(() => fake.stop())

const json = { 'content-type': 'application/json' }
const basic = () => ({ authorization: `Basic ${Buffer.from(fake.credentials.appToken).toString('base64')}` })

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = json) {
  const response = await fetch(fake.url + path, {
    method,
    headers: { ...basic(), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text ? JSON.parse(text) : undefined) as unknown }
}

const drives = '/graph/v1.0/drives'
const users = '/graph/v1.0/users'
const encode = (id: string) => encodeURIComponent(id).replaceAll('!', '%21')
const error = (code: string, message: unknown = expect.any(String)) => ({
  error: { code, message, innererror: { date: expect.any(String), 'request-id': expect.any(String) } },
})

describe('the fake refuses, and records, what the schema does not declare', () => {
  it.each([
    ['an unknown parameter', 'GET', `${drives}?$top=5`, undefined, '$top unknown field'],
    ['an unknown field', 'POST', drives, { name: 'a', colour: 1 }, 'colour unknown field'],
    ['an unknown field inside', 'POST', drives, { name: 'a', quota: { max: 1 } }, 'quota.max unknown field'],
    [
      'a field of another type',
      'POST',
      drives,
      { name: 'a', quota: { total: 'x' } },
      'quota.total must be integer',
    ],
    ['no name', 'POST', drives, { description: 'a' }, 'name is required'],
    ['no body', 'POST', drives, undefined, 'a body of application/json is required'],
    ['a body where none is declared', 'DELETE', `${drives}/x`, {}, 'no body is declared'],
    ['an id that is not encoded', 'GET', `${drives}/a$b!c`, undefined, 'path $ and ! have to be encoded'],
  ])('%s', async (_what, method, path, body, message) => {
    expect(await call(method, path, body)).toEqual({ status: 400, body: error('invalidRequest', message) })
    expect(fake.violations()).toHaveLength(1)
    expect(fake.drives()).toEqual([])
  })

  it.each(['ocis', 'opencloud'] as const)('an answer of its own, by the schema of %s', (flavour) => {
    const operation = loadOperations(flavour)('GET', '/v1.0/drives')
    expect(operation?.checkAnswer(200, { value: [{ name: 7 }] })).toEqual([
      { field: 'value.0.name', message: 'must be string' },
    ])
    expect(operation?.checkAnswer(404, {})).toEqual([{ field: 'error', message: 'is required' }])
  })

  it('a path that it does not have', async () => {
    expect(await call('GET', '/graph/v1.0/groups')).toMatchObject({ status: 404 })
    expect(await call('GET', '/v1.0/drives')).toMatchObject({ status: 404 })
  })

  it('by the schema of its flavour', () => {
    const body = { name: 'a', '@libre.graph.contentType': 'x' }
    const check = (flavour: 'ocis' | 'opencloud') =>
      loadOperations(flavour)('POST', '/v1.0/drives')?.checkBody(body)
    expect(check('ocis')).toHaveLength(1)
    expect(check('opencloud')).toEqual([])
  })
})

describe('the fake lets in like the proxy, without a body where it does not', () => {
  it.each([[{ authorization: 'Bearer wrong' }], [{ authorization: 'Basic eDp5' }], [{ authorization: '' }]])(
    '401 to %o',
    async (headers) => {
      expect(await call('GET', drives, undefined, headers)).toEqual({ status: 401, body: undefined })
    },
  )

  it('500 to an account without a role', async () => {
    fake.settings.role = 'none'
    expect(await call('GET', drives)).toEqual({ status: 500, body: undefined })
  })

  async function token(change: Record<string, string> = {}) {
    const { clientId, clientSecret } = fake.credentials
    const form = {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'openid profile email',
      ...change,
    }
    const response = await fetch(fake.tokenUrl, { method: 'POST', body: new URLSearchParams(form) })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }
  const bearer = async () => ({ authorization: `Bearer ${(await token()).body.access_token}` })

  it('a token that it issued, until it ends or is revoked', async () => {
    expect((await token()).body).toMatchObject({ token_type: 'Bearer', expires_in: 300 })
    const first = await bearer()
    expect(await call('GET', drives, undefined, first)).toMatchObject({ status: 200 })
    now = new Date(now.getTime() + 300_000)
    expect(await call('GET', drives, undefined, first)).toMatchObject({ status: 401 })
    const second = await bearer()
    fake.revokeTokens()
    expect(await call('GET', drives, undefined, second)).toMatchObject({ status: 401 })
    expect(await call('GET', drives)).toMatchObject({ status: 200 })
  })

  it.each([
    [{ client_secret: 'x' }, 'invalid_client'],
    [{ grant_type: 'password' }, 'unsupported_grant_type'],
    [{ scope: 'profile' }, 'invalid_scope'],
  ])('and issues none for %o', async (change, code) => {
    expect(await token(change)).toMatchObject({ status: 400, body: { error: code } })
  })

  it('an app token that it made, until it ends', async () => {
    const made = await call('POST', '/auth-app/tokens?expiry=72h')
    const { token: secret } = made.body as { token: string }
    const user = fake.credentials.appToken.split(':')[0]
    const authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
    expect(await call('GET', drives, undefined, { authorization })).toMatchObject({ status: 200 })
    now = new Date(now.getTime() + 72 * 3_600_000)
    expect(await call('GET', drives, undefined, { authorization })).toMatchObject({ status: 401 })
  })
})

describe('the fake keeps spaces like OCIS', () => {
  it.each(['ocis', 'opencloud'] as const)('with ids of %s that have to be encoded', async (flavour) => {
    await fake.stop()
    fake = await startOcisFake({ flavour })
    const { id } = fake.addDrive({ name: 'a' })
    expect(id).toMatch(flavour === 'ocis' ? /^[^$!]+\$[^$!]+$/ : /^[^$!]+\$[^$!]+![^$!]+$/)
    expect(await call('GET', `${drives}/${encode(id)}`)).toMatchObject({ status: 200, body: { id } })
    const { body } = await call('GET', drives)
    const [{ root } = { root: {} }] = (body as { value: { root: object }[] }).value
    expect('permissions' in root).toBe(flavour === 'ocis')
    expect(fake.violations()).toEqual([])
  })

  it('shows nothing of what is not ours by its id, and all of it in the list', async () => {
    const { id } = fake.addDrive({ name: 'theirs', isOurs: false })
    const path = `${drives}/${encode(id)}`
    for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
      expect(await call(method, path, body)).toEqual({ status: 404, body: error('itemNotFound') })
    }
    expect(await call('GET', drives)).toMatchObject({ body: { value: [{ id }] } })
    fake.settings.role = 'user'
    expect(await call('GET', drives)).toEqual({ status: 200, body: {} })
    expect(await call('POST', drives, { name: 'a' })).toMatchObject({
      status: 403,
      body: error('notAllowed'),
    })
  })

  it('changes a disabled one only to restore it', async () => {
    const { id } = fake.addDrive({ name: 'a', isDisabled: true, total: 5, used: 3 })
    const path = `${drives}/${encode(id)}`
    expect(await call('GET', path)).toMatchObject({ body: { quota: { total: 5 }, root: { deleted: {} } } })
    expect(await call('PATCH', path, { name: 'b' })).toMatchObject({ status: 404 })
    expect(await call('PATCH', path, {}, { ...json, Restore: 'no' })).toMatchObject({ status: 404 })
    expect(await call('PATCH', path, { name: 'b' }, { ...json, Restore: 'true' })).toMatchObject({
      status: 200,
      body: { name: 'b', quota: { total: 5, used: 3 } },
    })
  })

  it('makes project spaces alone', async () => {
    expect(await call('POST', drives, { name: 'a', driveType: 'personal' })).toMatchObject({ status: 400 })
    expect(await call('POST', drives, { name: ' a ', driveType: 'project' })).toMatchObject({
      status: 201,
      body: { name: 'a' },
    })
  })
})

describe('the fake keeps people like OCIS', () => {
  it('hides the list from who may not manage accounts, and addresses too', async () => {
    fake.addUser({ mail: 'ada@acme.example', displayName: 'Ada' })
    fake.settings.role = 'spaceAdmin'
    expect(await call('GET', users)).toEqual({
      status: 403,
      body: error('accessDenied', 'search term too short'),
    })
    const search = `${users}?$search=${encodeURIComponent('"ada@acme.example"')}`
    const { body } = await call('GET', search)
    expect(body).toMatchObject({ value: [{ displayName: 'Ada' }] })
    expect(JSON.stringify(body)).not.toContain('@')
    fake.settings.showsMail = true
    expect(await call('GET', search)).toMatchObject({ body: { value: [{ mail: 'ada@acme.example' }] } })
    expect(await call('POST', users, { displayName: 'x', onPremisesSamAccountName: 'x' })).toMatchObject({
      status: 403,
    })
  })

  it('wants a phrase for what is no word, and knows no filter', async () => {
    expect(await call('GET', `${users}?$search=ada@acme.example`)).toMatchObject({ status: 400 })
    expect(await call('GET', `${users}?$filter=mail eq 'a'`)).toMatchObject({ status: 501 })
  })

  it('keeps usernames unique, and addresses not', async () => {
    const user = { displayName: 'Ada', mail: 'ada@acme.example', onPremisesSamAccountName: 'ada' }
    expect(await call('POST', users, user)).toMatchObject({ status: 201 })
    expect(await call('POST', users, user)).toMatchObject({ status: 409, body: error('nameAlreadyExists') })
    expect(await call('POST', users, { ...user, onPremisesSamAccountName: 'ada2' })).toMatchObject({
      status: 201,
    })
    expect(await call('POST', users, { ...user, onPremisesSamAccountName: '1 2' })).toMatchObject({
      status: 400,
    })
  })

  it('never loses the last manager of a space', async () => {
    const drive = fake.addDrive({ name: 'a' })
    const permission = `/graph/v1beta1/drives/${encode(drive.id)}/root/permissions/${encodeURIComponent(drive.grants[0]?.permissionId ?? '')}`
    expect(await call('DELETE', permission)).toMatchObject({ status: 403, body: error('accessDenied') })
    const { id } = fake.addUser({ mail: 'ada@acme.example' })
    fake.grant({ driveId: drive.id, kind: 'user', holderId: id, roles: [roleIds.Manager] })
    expect(await call('DELETE', permission)).toEqual({ status: 204, body: undefined })
    expect(await call('GET', `${drives}/${encode(drive.id)}`)).toMatchObject({ status: 404 })
  })
})

itIsAControlledFake({
  fake: () => fake,
  call,
  at: { path: drives, lists: 'ListAllDrives', makes: 'CreateDrive', body: { name: 'a' } },
  notPerformed: 'ListGroups',
  whereRefused: 401,
})

it('has what it holds changed by who controls it, until that is forgotten', async () => {
  const drive = await call('POST', '/-/drives', { name: 'theirs', isOurs: false })
  const user = await call('POST', '/-/users', { mail: 'ada@acme.example' })
  expect([drive.status, user.status]).toEqual([201, 201])
  const [driveId, holderId] = [drive, user].map(({ body }) => (body as { id: string }).id)
  const grant = { driveId, kind: 'user', holderId, roles: [roleIds.Editor] }
  expect(await call('POST', '/-/grants', grant)).toMatchObject({ status: 201 })
  expect(await call('PATCH', '/-/drives', { id: driveId, total: 7 })).toMatchObject({ status: 201 })
  expect(await call('PATCH', '/-/drives', { id: 'none', total: 7 })).toMatchObject({ status: 422 })
  expect(await call('GET', '/-/state')).toMatchObject({
    body: {
      drives: [{ id: driveId, name: 'theirs', total: 7, grants: [{ holderId }] }],
      users: [{ id: holderId }],
    },
  })
  expect(await call('DELETE', '/-/tokens')).toEqual({ status: 204, body: undefined })
  await call('DELETE', '/-/state')
  expect(fake.drives()).toEqual([])
})
