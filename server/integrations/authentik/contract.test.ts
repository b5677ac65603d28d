import { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { Configuration } from '@goauthentik/api/dist/runtime.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import { createGroupStep } from '../../../tests/harness/authentik'
import { startAuthentikFake } from './fake'

/** Something that says it is Authentik. */
interface Target {
  name: string
  open(): Promise<{ url: string; token: string; close(): Promise<void> }>
}

const targets: Target[] = [
  {
    name: 'the fake',
    async open() {
      const fake = await startAuthentikFake()
      return {
        url: fake.url,
        token: fake.token,
        async close() {
          await fake.stop()
          expect(fake.violations()).toEqual([])
        },
      }
    },
  },
]

// A real server's token needs to be an administrator's. What these tests make there, they remove.
const { AUTHENTIK_TEST_URL: realUrl, AUTHENTIK_TEST_TOKEN: realToken } = process.env
if (realUrl && realToken) {
  targets.push({
    name: 'a real server',
    open: async () => ({ url: realUrl, token: realToken, close: async () => {} }),
  })
} else if (realUrl || realToken) {
  throw new Error('AUTHENTIK_TEST_URL and AUTHENTIK_TEST_TOKEN are set together, or not at all')
}

describe.each(targets)('Authentik: $name', ({ open }) => {
  const signal = new AbortController().signal
  const slugs: string[] = []
  let target: Awaited<ReturnType<Target['open']>>
  let api: CoreApi

  beforeAll(async () => {
    target = await open()
    const origin = new URL(target.url).origin
    api = new CoreApi(new Configuration({ basePath: `${origin}/api/v3`, accessToken: target.token }))
  })

  afterAll(async () => {
    for (const name of slugs) {
      const { results } = await list(name)
      for (const { pk } of results) await api.coreGroupsDestroy({ groupUuid: pk })
    }
    await target.close()
  })

  function newTenant() {
    const id = newId()
    const slug = `test-${id.replaceAll('-', '').slice(-20)}`
    slugs.push(slug)
    return { id, slug, name: 'Test' }
  }

  const list = (name: string) => api.coreGroupsList({ name, includeUsers: false })
  const create = (name: string, attributes: Record<string, unknown>, isSuperuser = false) =>
    api.coreGroupsCreate({ groupRequest: { name, attributes, isSuperuser } })
  const read = (groupUuid: string) => api.coreGroupsRetrieve({ groupUuid })
  const provisioner = () => createGroupStep({ apiUrl: target.url, token: target.token })

  /** The status and body of a refusal. */
  async function refusal(call: Promise<unknown>) {
    const { response } = await call.then(
      () => expect.fail('it was not refused'),
      (error: { response: Response }) => error,
    )
    return { status: response.status, body: (await response.json()) as unknown }
  }

  describe('what a tenant gets', () => {
    it('is a group of its slug, stamped, known by its pk', async () => {
      const tenant = newTenant()
      const { externalId } = await provisioner().apply(tenant, signal)
      const { results } = await list(tenant.slug)
      expect(results).toMatchObject([
        {
          pk: externalId,
          name: tenant.slug,
          isSuperuser: false,
          attributes: { tenantId: tenant.id, slug: tenant.slug },
        },
      ])
    })

    it('is the same group when it is applied again', async () => {
      const tenant = newTenant()
      const first = await provisioner().apply(tenant, signal)
      const before = await read(first.externalId)
      expect(await provisioner().apply(tenant, signal)).toEqual(first)
      expect(await read(first.externalId)).toEqual(before)
    })

    it('is one group for two writers at once, after a repeat at the latest', async () => {
      const tenant = newTenant()
      const both = await Promise.allSettled([1, 2].map(() => provisioner().apply(tenant, signal)))
      for (const result of both) {
        // A real server's database may refuse the second writer where its validation did not: with 500.
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ retryable: true })
      }
      const { externalId } = await provisioner().apply(tenant, signal)
      expect((await list(tenant.slug)).results).toMatchObject([{ pk: externalId }])
    })

    it('is what carries its stamp already, with every attribute kept', async () => {
      const tenant = newTenant()
      const left = await create(tenant.slug, {
        tenantId: tenant.id,
        cost: { centre: [7, null] },
        note: 'kept',
      })
      expect(await provisioner().apply(tenant, signal)).toEqual({ externalId: left.pk })
      expect((await read(left.pk)).attributes).toEqual({
        tenantId: tenant.id,
        slug: tenant.slug,
        cost: { centre: [7, null] },
        note: 'kept',
      })
    })
  })

  describe('what is not ours', () => {
    it('is a group with the stamp of another tenant', async () => {
      const tenant = newTenant()
      const attributes = { tenantId: newId(), slug: tenant.slug }
      const foreign = await create(tenant.slug, attributes)
      await expect(provisioner().apply(tenant, signal)).rejects.toMatchObject({
        kind: 'conflict',
        retryable: false,
        message: expect.stringContaining(`${tenant.slug} (${foreign.pk}) that belongs to another tenant`),
      })
      expect((await read(foreign.pk)).attributes).toEqual(attributes)
    })

    it('is a group without a stamp, until an operator hands it over', async () => {
      const tenant = newTenant()
      const foreign = await create(tenant.slug, { slug: tenant.slug, note: 'mine' })
      await expect(provisioner().apply(tenant, signal)).rejects.toMatchObject({
        kind: 'conflict',
        retryable: false,
        message: expect.stringContaining(`set its attribute tenantId to ${tenant.id}`),
      })
      expect((await read(foreign.pk)).attributes).toEqual({ slug: tenant.slug, note: 'mine' })

      const attributes = { note: 'mine', tenantId: tenant.id }
      await api.coreGroupsPartialUpdate({ groupUuid: foreign.pk, patchedGroupRequest: { attributes } })
      expect(await provisioner().apply(tenant, signal)).toEqual({ externalId: foreign.pk })
      expect((await read(foreign.pk)).attributes).toEqual({ ...attributes, slug: tenant.slug })
    })

    it('is a group of superusers, even with our stamp', async () => {
      const tenant = newTenant()
      await create(tenant.slug, { tenantId: tenant.id, slug: tenant.slug }, true)
      await expect(provisioner().apply(tenant, signal)).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining('superusers'),
      })
    })
  })

  describe('how it is asked', () => {
    it.each(['', '/', '/api/v3', '/api/v3/'])('at its origin, followed by "%s"', async (ending) => {
      const apiUrl = new URL(target.url).origin + ending
      const { externalId } = await createGroupStep({ apiUrl, token: target.token }).apply(newTenant(), signal)
      expect((await read(externalId)).pk).toBe(externalId)
    })

    it('with a token that it knows', async () => {
      const token = 'not-a-token-of-this-server'
      const asked = createGroupStep({ apiUrl: target.url, token }).apply(newTenant(), signal)
      const error = await asked.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(IntegrationError)
      expect(error).toMatchObject({ service: 'authentik', kind: 'unauthorized' })
      expect(String(error)).toContain('“Token invalid/expired” (403)')
      expect(String(error)).not.toContain(token)
    })
  })

  describe('its own ways, on which we rely', () => {
    it('refuses a name that is taken', async () => {
      const { slug } = newTenant()
      await create(slug, {})
      expect(await refusal(create(slug, {}))).toMatchObject({
        status: 400,
        body: { name: ['This field must be unique.'] },
      })
    })

    it('replaces attributes as a whole', async () => {
      const { pk } = await create(newTenant().slug, { one: 1, two: { three: 3 } })
      const patchedGroupRequest = { attributes: { four: 4 } }
      const changed = await api.coreGroupsPartialUpdate({ groupUuid: pk, patchedGroupRequest })
      expect(changed.attributes).toEqual({ four: 4 })
      expect((await read(pk)).attributes).toEqual({ four: 4 })
    })

    it('finds by the exact name alone', async () => {
      const { slug } = newTenant()
      await create(slug, {})
      expect((await list(slug)).results).toHaveLength(1)
      expect((await list(slug.toUpperCase())).results).toEqual([])
      expect(await list(slug.slice(0, -1))).toMatchObject({ pagination: { next: 0, count: 0 }, results: [] })
    })

    it('answers page by page, and 0 follows the last', async () => {
      const { slug } = newTenant()
      slugs.push(`${slug}-b`)
      await create(slug, {})
      await create(`${slug}-b`, {})
      const page = (number: number) => api.coreGroupsList({ search: slug, pageSize: 1, page: number })
      expect(await page(1)).toMatchObject({
        pagination: { next: 2, previous: 0, count: 2, current: 1, totalPages: 2 },
        results: [{ name: slug }],
      })
      expect(await page(2)).toMatchObject({
        pagination: { next: 0, previous: 1, current: 2 },
        results: [{ name: `${slug}-b` }],
      })
      expect(await refusal(page(3))).toEqual({ status: 404, body: { detail: 'Invalid page.' } })
    })

    it('says what it does not find', async () => {
      const groupUuid = '018f0000-0000-4000-8000-000000000000'
      expect(await refusal(api.coreGroupsRetrieve({ groupUuid }))).toMatchObject({
        status: 404,
        body: { detail: expect.any(String) },
      })
    })
  })
})
