import { Configuration } from '@goauthentik/api/dist/runtime.js'
import type { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { systemClock, type Clock } from '#server/lib/clock'
import type { DesiredTenant, Provisioner } from '#server/provisioning/provisioner.port'
import { createExchange } from './exchange'
import { failed, RefusedError } from './failure'
import { createGroups, type Groups } from './groups'
import type { Group } from './wire'

const apiPath = '/api/v3'
const defaultTimeoutMs = 10_000

/** Where Authentik is, and how it is asked. */
export interface AuthentikOptions {
  /** http or https; an origin, or the path below which Authentik is served; with or without `/api/v3`. */
  apiUrl: string
  /** Of intent `api`; its user may view, add and change groups. */
  token: string
  /** For one call, from sending to the answer's last byte. Default 10,000. */
  timeoutMs?: number
  fetch?: typeof globalThis.fetch
  clock?: Clock
}

/**
 * The step `group`: one group at Authentik for each tenant, named by its slug, so that the `groups` claim of
 * a token says in which tenants its subject is. `attributes.tenantId` and `attributes.slug` are stamped in
 * the very call that makes it. `externalId` is its `pk`, a UUID.
 *
 * A group of that name is ours only with our tenant's stamp. Whoever is in it gets into the tenant, so one
 * with another stamp or none is refused (`conflict`), and so is one that makes its members superusers of
 * Authentik. An operator hands a group over by setting its `attributes.tenantId`.
 *
 * Attributes are read, merged and written, since Authentik replaces them whole and has no conditional write;
 * nothing is written where they are right. Of two writers that race, one is refused for the name and adopts
 * what the other made. Before 2026 no constraint in Authentik's database stands behind that refusal: where
 * two of ours came to be, every call settles on the same one.
 *
 * @throws TypeError for an address or a token that can't be used; its message repeats neither
 */
export function createAuthentikProvisioner(options: AuthentikOptions): Provisioner {
  const { token, timeoutMs = defaultTimeoutMs, clock = systemClock } = options
  if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError('the API token of Authentik is not plain ASCII')
  const configuration = new Configuration({
    basePath: apiBase(options.apiUrl),
    accessToken: token,
    ...(options.fetch ? { fetchApi: options.fetch } : {}),
  })
  let loading: Promise<CoreApi> | undefined
  const groups = createGroups(
    () => (loading ??= loadApi(configuration)),
    createExchange({ timeoutMs, token, clock }),
  )
  return {
    service: 'authentik',
    step: 'group',
    async apply(tenant, signal) {
      const group = (await find(groups, tenant, signal)) ?? (await create(groups, tenant, signal))
      await stamp(groups, tenant, group, signal)
      return { externalId: group.pk }
    },
  }
}

/** Loaded when first needed, and without its barrel: 20 ms and 12 MB in place of 170 ms and 40 MB. */
async function loadApi(configuration: Configuration): Promise<CoreApi> {
  const { CoreApi } = await import('@goauthentik/api/dist/apis/CoreApi.js')
  return new CoreApi(configuration)
}

function apiBase(apiUrl: string): string {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password
  if (!isPlain || url.search || url.hash)
    throw new TypeError('the address of Authentik is not an http(s) origin')
  const path = url.pathname.replace(/\/+$/, '')
  return url.origin + (path.endsWith(apiPath) ? path : path + apiPath)
}

async function find(groups: Groups, tenant: DesiredTenant, signal: AbortSignal): Promise<Group | undefined> {
  const found = await groups.list(tenant.slug, signal)
  for (const group of found) assertOurs(group, tenant)
  return found.sort((one, other) => (one.pk < other.pk ? -1 : 1))[0]
}

function assertOurs(group: Group, tenant: DesiredTenant): void {
  const isThere = `Authentik has a group ${group.name} (${group.pk})`
  const { tenantId } = group.attributes
  if (tenantId === undefined) {
    const remedy = `rename it, or set its attribute tenantId to ${tenant.id} to hand it over with its members`
    throw failed('conflict', `${isThere} that Tenantry did not make: ${remedy}`)
  }
  if (tenantId !== tenant.id) {
    throw failed('conflict', `${isThere} that belongs to another tenant, by its attribute tenantId`)
  }
  if (group.is_superuser) {
    throw failed('conflict', `${isThere} that makes its members superusers of Authentik: take that from it`)
  }
}

async function create(groups: Groups, tenant: DesiredTenant, signal: AbortSignal): Promise<Group> {
  try {
    const attributes = { tenantId: tenant.id, slug: tenant.slug }
    return await groups.create({ name: tenant.slug, attributes }, signal)
  } catch (error) {
    if (!(error instanceof RefusedError && error.fields.includes('name'))) throw error
    const raced = await find(groups, tenant, signal)
    if (raced) return raced
    const remedy =
      "it shows none of that name to the token's user, who may lack the permission to view groups"
    throw failed('conflict', `${error.message}; yet ${remedy}`)
  }
}

async function stamp(
  groups: Groups,
  tenant: DesiredTenant,
  group: Group,
  signal: AbortSignal,
): Promise<void> {
  if (group.attributes.slug === tenant.slug) return
  if (!survivesJson(group.attributes)) {
    const why = 'an attribute holds a number too large to be written back unchanged'
    throw failed('conflict', `Set the attribute slug of Authentik's group ${group.name} by hand: ${why}`)
  }
  await groups.replaceAttributes(
    group,
    { ...group.attributes, tenantId: tenant.id, slug: tenant.slug },
    signal,
  )
}

/** Whether a value read from JSON can be written again without loss: integers beyond 2^53 can't. */
function survivesJson(value: unknown): boolean {
  if (typeof value === 'number')
    return Number.isFinite(value) && (value % 1 !== 0 || Number.isSafeInteger(value))
  return typeof value !== 'object' || value === null || Object.values(value).every(survivesJson)
}
