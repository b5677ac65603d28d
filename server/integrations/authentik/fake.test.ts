import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { itIsAControlledFake } from '~~/tests/harness/fake-control-suite'
import { startAuthentikFake, type AuthentikFake } from './fake'
import { loadOperations } from './fake-schema'

let fake: AuthentikFake
beforeEach(async () => {
  fake = await startAuthentikFake()
})
afterEach(() => fake.stop())

const json = { 'content-type': 'application/json' }

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = json) {
  const response = await fetch(fake.url + path, {
    method,
    headers: { authorization: `Bearer ${fake.token}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text ? JSON.parse(text) : undefined) as unknown }
}

const groups = '/api/v3/core/groups/'

describe('the fake refuses, and records, what the schema does not declare', () => {
  it.each([
    ['an unknown parameter', 'GET', `${groups}?nmae=acme`, undefined, { nmae: ['Unknown field.'] }],
    ['a parameter of another type', 'GET', `${groups}?page=two`, undefined, { page: ['must be integer.'] }],
    ['an unknown property', 'POST', groups, { name: 'a', parent: null }, { parent: ['Unknown field.'] }],
    [
      'a property of another type',
      'POST',
      groups,
      { name: 'a', attributes: [] },
      { attributes: ['must be object.'] },
    ],
    ['no name', 'POST', groups, { attributes: {} }, { name: ['This field is required.'] }],
    ['an empty name', 'POST', groups, { name: '' }, { name: ['This field may not be blank.'] }],
    ['no body', 'POST', groups, undefined, { non_field_errors: [expect.stringContaining('required')] }],
    ['a body that is no object', 'POST', groups, '[]', { non_field_errors: ['must be object.'] }],
  ])('%s', async (_what, method, path, body, refusal) => {
    expect(await call(method, path, body)).toEqual({ status: 400, body: refusal })
    expect(fake.violations()).toHaveLength(1)
    expect(fake.groups()).toEqual([])
  })

  it('an operation or a filter that it does not perform', async () => {
    expect(await call('GET', '/api/v3/core/users/me/')).toMatchObject({ status: 501 })
    expect(await call('GET', `${groups}?members_by_username=x`)).toMatchObject({ status: 501 })
    expect(fake.violations()).toEqual(['core_users_me_retrieve: Not performed by the fake.'])
  })

  it('an answer of its own', () => {
    const operation = loadOperations()('GET', '/core/groups/')
    expect(operation?.checkAnswer(200, { results: [{ pk: 7 }], pagination: {}, autocomplete: {} })).toEqual(
      expect.arrayContaining([{ field: 'results.0.pk', message: 'must be string.' }]),
    )
    expect(operation?.checkAnswer(403, {})).toEqual([{ field: 'detail', message: 'This field is required.' }])
  })
})

describe('the fake answers like Authentik', () => {
  it.each([
    [{ authorization: 'Bearer wrong' }, 'Token invalid/expired'],
    [{ authorization: 'Basic eDp5' }, 'Authentication credentials were not provided.'],
    [{ authorization: '' }, 'Authentication credentials were not provided.'],
  ])('403 to %o', async (headers, detail) => {
    expect(await call('GET', groups, undefined, headers)).toEqual({ status: 403, body: { detail } })
  })

  it('404 to a path that does not exist, or lacks its last slash', async () => {
    expect(await call('GET', '/api/v3/core/nothing/')).toMatchObject({ status: 404 })
    expect(await call('GET', '/api/v3/core/groups')).toMatchObject({ status: 404 })
    expect(await call('GET', '/core/groups/')).toMatchObject({ status: 404 })
  })

  it('415 and 400 to what is not JSON', async () => {
    expect(await call('POST', groups, 'name=a', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
    })
    expect(await call('POST', groups, '{')).toMatchObject({ status: 400 })
  })

  it('400 to relations that do not exist', async () => {
    const pk = '018f0000-0000-4000-8000-000000000000'
    expect(await call('POST', groups, { name: 'a', parents: [pk], users: [7] })).toEqual({
      status: 400,
      body: {
        parents: [`Invalid pk "${pk}" - object does not exist.`],
        users: ['Invalid pk "7" - object does not exist.'],
      },
    })
  })

  it('with parents and children where they are asked for', async () => {
    const parent = fake.addGroup({ name: 'parent' })
    const child = fake.addGroup({ name: 'child', parents: [parent.pk] })
    expect(await call('GET', `${groups}${parent.pk}/?include_children=true`)).toMatchObject({
      status: 200,
      body: { children: [child.pk], children_obj: [{ pk: child.pk, name: 'child' }], parents_obj: null },
    })
    expect(await call('GET', `${groups}?name=child&include_parents=true`)).toMatchObject({
      body: { results: [{ parents: [parent.pk], parents_obj: [{ pk: parent.pk }], children_obj: null }] },
    })
    expect(fake.violations()).toEqual([])
  })

  it('keeps names unique when one is changed', async () => {
    fake.addGroup({ name: 'one' })
    const { pk } = fake.addGroup({ name: 'two' })
    expect(await call('PATCH', `${groups}${pk}/`, { name: 'one' })).toMatchObject({ status: 400 })
    expect(await call('PATCH', `${groups}${pk}/`, { name: 'two' })).toMatchObject({ status: 200 })
  })
})

itIsAControlledFake({
  fake: () => fake,
  call,
  at: { path: groups, lists: 'core_groups_list', makes: 'core_groups_create', body: { name: 'a' } },
  notPerformed: 'core_users_me_retrieve',
  whereRefused: 403,
})

it('shows what it holds to who controls it, until that is forgotten', async () => {
  expect(await call('POST', '/-/groups', { name: 'theirs' })).toMatchObject({ status: 201 })
  expect(await call('GET', '/-/state')).toMatchObject({
    body: { groups: [{ name: 'theirs', attributes: {} }] },
  })
  await call('DELETE', '/-/state')
  expect(fake.groups()).toEqual([])
})
