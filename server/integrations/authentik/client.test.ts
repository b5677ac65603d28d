import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import type { AuthentikOptions } from './client'
import { createGroupStep } from '../../../tests/harness/authentik'
import { desiredOf } from '../../../tests/harness/provisioning'
import { startAuthentikFake, type AuthentikFake } from './fake'

const tenant = { id: newId(), slug: 'acme', name: 'Acme' }
const ours = { tenantId: tenant.id, slug: tenant.slug }
const html = '<!DOCTYPE html><html><body>502</body></html>'
const asHtml = { 'content-type': 'text/html' }

let fake: AuthentikFake
beforeEach(async () => {
  fake = await startAuthentikFake()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function apply(options: Partial<AuthentikOptions> = {}, signal = new AbortController().signal) {
  return createGroupStep({ apiUrl: fake.url, token: fake.token, ...options }).apply(tenant, signal)
}

const failure = (options: Partial<AuthentikOptions> = {}): Promise<IntegrationError> =>
  apply(options).then(
    () => expect.fail('it did not fail'),
    (reason: IntegrationError) => reason,
  )

describe('cut off and repeated', () => {
  it.each([
    ['the connection is cut', { kind: 'drop', when: 'after' }, 'unreachable'],
    ['the answer is cut', { kind: 'drop', when: 'midway' }, 'unreachable'],
    ['no answer comes', { kind: 'hang', when: 'after' }, 'timeout'],
    [
      'a proxy answers instead',
      { kind: 'answer', when: 'after', status: 502, headers: asHtml, body: html },
      'unavailable',
    ],
  ] as const)('adopts what it made before %s', async (_what, fault, kind) => {
    fake.faults.add({ operation: 'core_groups_create', ...fault })
    const timeoutMs = fault.kind === 'hang' ? 1000 : 10_000
    expect(await failure({ timeoutMs })).toMatchObject({ kind, retryable: true })
    const [group] = fake.groups()
    expect(group).toMatchObject({ name: 'acme', attributes: ours })
    expect(await apply()).toEqual({ externalId: group?.pk })
    expect(fake.groups()).toEqual([group])
    expect(fake.calls()).toMatchObject({ core_groups_create: 1, core_groups_partial_update: 0 })
  })

  it('makes it when nothing was applied', async () => {
    fake.faults.add({ operation: 'core_groups_create', kind: 'drop', when: 'before' })
    await failure()
    expect(fake.groups()).toEqual([])
    expect(await apply()).toEqual({ externalId: fake.groups()[0]?.pk })
  })

  it('finds its stamp after the change of attributes was cut', async () => {
    fake.addGroup({ name: 'acme', attributes: { tenantId: tenant.id, note: 'kept' } })
    fake.faults.add({ operation: 'core_groups_partial_update', kind: 'drop', when: 'after' })
    await failure()
    await apply()
    expect(fake.groups()[0]?.attributes).toEqual({ ...ours, note: 'kept' })
    expect(fake.calls().core_groups_partial_update).toBe(1)
  })

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController()
    const drained = new Error('drained')
    fake.faults.add({ kind: 'hang' })
    const fetch: typeof globalThis.fetch = (input, init) => {
      queueMicrotask(() => controller.abort(drained))
      return globalThis.fetch(input, init)
    }
    await expect(apply({ fetch }, controller.signal)).rejects.toBe(drained)
  })

  it('asks nothing once its signal is aborted', async () => {
    await expect(apply({}, AbortSignal.abort(new Error('drained')))).rejects.toThrow('drained')
    expect(fake.calls().core_groups_list).toBe(0)
  })

  it('asks again for a group that vanished meanwhile', async () => {
    fake.addGroup({ name: 'acme', attributes: { tenantId: tenant.id } })
    const body = { detail: 'No Group matches the given query.' }
    fake.faults.add({ operation: 'core_groups_partial_update', kind: 'answer', status: 404, body })
    expect(await failure()).toMatchObject({ kind: 'rejected', retryable: true })
  })
})

describe('two writers', () => {
  /** A fetch whose first reads wait until so many have their answer. */
  function together(readers: number, atOnce: () => void = () => {}): typeof globalThis.fetch {
    let reached = () => {}
    const all = new Promise<void>((resolve) => (reached = resolve))
    let waiting = 0
    return async (input, init) => {
      const response = await globalThis.fetch(input, init)
      if (init?.method !== 'GET') return response
      waiting += 1
      if (waiting === readers) {
        atOnce()
        reached()
      }
      await all
      return response
    }
  }

  it('make one group, the second adopting it', async () => {
    const fetch = together(2)
    const [one, other] = await Promise.all([apply({ fetch }), apply({ fetch })])
    expect(one).toEqual(other)
    expect(fake.groups()).toMatchObject([{ pk: one.externalId, attributes: ours }])
    expect(fake.calls()).toMatchObject({ core_groups_create: 2, core_groups_partial_update: 0 })
  })

  it('do not take over what a stranger made in between', async () => {
    const fetch = together(1, () => void fake.addGroup({ name: 'acme' }))
    expect(await failure({ fetch })).toMatchObject({ kind: 'conflict', retryable: false })
    expect(fake.groups()).toMatchObject([{ name: 'acme', attributes: {} }])
  })

  it('settle on the same group where an older Authentik let both through', async () => {
    fake.addGroup({ name: 'acme', attributes: ours })
    fake.addGroup({ name: 'acme', attributes: ours })
    const first = await apply()
    expect(await apply()).toEqual(first)
    expect(fake.calls().core_groups_create).toBe(0)
  })

  it('are refused where one of two groups is not ours', async () => {
    fake.addGroup({ name: 'acme', attributes: ours })
    fake.addGroup({ name: 'acme', attributes: { ...ours, tenantId: newId() } })
    expect(await failure()).toMatchObject({ kind: 'conflict' })
  })

  it('are told when the name is taken by what they may not see', async () => {
    const body = { name: ['This field must be unique.'] }
    fake.faults.add({ operation: 'core_groups_create', kind: 'answer', status: 400, body })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'conflict', retryable: false })
    expect(error.message).toContain('“name: This field must be unique.” (400)')
    expect(error.message).toContain('permission to view groups')
  })
})

describe('attributes', () => {
  it('are not written where they are right', async () => {
    fake.addGroup({ name: 'acme', attributes: { ...ours, more: true } })
    await apply()
    expect(fake.calls()).toMatchObject({
      core_groups_list: 2,
      core_groups_create: 0,
      core_groups_partial_update: 0,
    })
  })

  it('are corrected where the slug is not', async () => {
    fake.addGroup({ name: 'acme', attributes: { ...ours, slug: 'elsewhere', more: [1.5, { deep: null }] } })
    await apply()
    expect(fake.groups()[0]?.attributes).toEqual({ ...ours, more: [1.5, { deep: null }] })
  })

  it('are left alone where a number would come back changed', async () => {
    const attributes = { tenantId: tenant.id, discord: { id: 2 ** 60 } }
    fake.addGroup({ name: 'acme', attributes })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'conflict', retryable: false })
    expect(error.message).toContain('by hand')
    expect(fake.groups()[0]?.attributes).toEqual(attributes)
  })

  it('are found on a later page', async () => {
    for (let made = 0; made < 101; made++) fake.addGroup({ name: 'acme', attributes: ours })
    const least = fake
      .groups()
      .map(({ pk }) => pk)
      .sort()[0]
    expect(await apply()).toEqual({ externalId: least })
    expect(fake.calls().core_groups_list).toBe(4)
  })

  it('are read from an older Authentik, which sends other fields', async () => {
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init)
      const older = (await response.text()).replace(
        /"(is_superuser|parents|parents_obj|children|roles_obj)":/g,
        '"old_$1":',
      )
      return new Response(older, response)
    }
    const made = await apply({ fetch })
    expect(await apply({ fetch })).toEqual(made)
  })
})

describe('a group below one of superusers', () => {
  const below = (tenantState: 'active' | 'closed') => {
    const root = fake.addGroup({ name: 'root', is_superuser: true })
    const middle = fake.addGroup({ name: 'middle', parents: [root.pk] })
    fake.addGroup({ name: 'acme', attributes: ours, parents: [middle.pk] })
    const { planner } = createGroupStep({ apiUrl: fake.url, token: fake.token })
    const desired = desiredOf({ ...tenant, state: tenantState })
    return planner.plan(desired, { externalId: null }, new AbortController().signal)
  }

  it('is refused, since its members are superusers too', async () => {
    const { changes } = await below('active')
    expect(changes).toMatchObject([{ action: 'refuse', reason: expect.stringContaining('superusers') }])
  })

  it('is emptied all the same while the tenant is closed', async () => {
    expect((await below('closed')).changes).toEqual([])
  })

  it('that is said in the way of 2025.10 is refused as well', async () => {
    const root = fake.addGroup({ name: 'root', is_superuser: true })
    fake.addGroup({ name: 'acme', attributes: ours })
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init)
      const older = (await response.text()).replaceAll('"parents":[]', `"parent":"${root.pk}"`)
      return new Response(older, response)
    }
    expect(await failure({ fetch })).toMatchObject({ kind: 'conflict', retryable: false })
  })
})

describe('what can not be used', () => {
  it.each([
    'auth.example.org',
    'ftp://auth.example.org',
    'https://user:hidden@auth.example.org',
    'https://auth.example.org/?token=hidden',
    'https://auth.example.org/#hidden',
  ])('is the address %s', (apiUrl) => {
    const make = () => createGroupStep({ apiUrl, token: 'hidden' })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/hidden/)
  })

  it.each(['', 'hidden\n', 'hid den', 'hïdden'])('is the token %j', (token) => {
    const make = () => createGroupStep({ apiUrl: 'https://auth.example.org', token })
    expect(make).toThrow('the API token of Authentik is not plain ASCII')
  })
})
