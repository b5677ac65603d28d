import type {
  DesiredTenant,
  PlannedChange,
  Resource,
  StepPlan,
  StepPlanner,
} from '#server/provisioning/step-planner.port'
import { survivesJson } from './attributes'
import { failed, RefusedError } from './failure'
import type { Groups } from './groups'
import type { Group } from './wire'

/**
 * The step `group`: one group at Authentik for each tenant, named by its slug, so that the `groups` claim of a token
 * says in which tenants its subject is. `attributes.tenantId` and `attributes.slug` are stamped in the very call that
 * makes it. Its id is its `pk`, a UUID.
 *
 * A group of that name is ours only with our tenant's stamp. Whoever is in it gets into the tenant, so one with another
 * stamp or none is refused, and so is one that makes its members superusers of Authentik, be it by a group above it. An
 * operator hands a group over by setting its `attributes.tenantId`.
 *
 * Attributes are read, merged and written, since Authentik replaces them whole and has no conditional write; the step
 * `members` writes them too, and comes after this one under the same lease. Of two
 * writers that race, one is refused for the name and adopts what the other made. Before 2026 no constraint in
 * Authentik's database stands behind that refusal: where two of ours came to be, every call settles on the same one.
 */
export function createGroupPlanner(groups: Groups): StepPlanner {
  return {
    service: 'authentik',
    step: 'group',
    async plan(tenant, known, signal) {
      const found = await groups.list(tenant.slug, signal)
      const reasons = new Map<Group, string>()
      for (const group of found) {
        const reason = await reasonToRefuse(groups, group, tenant, signal)
        if (reason !== undefined) reasons.set(group, reason)
      }
      const foreign = [...reasons.keys()]
      const ours = found.filter((group) => !reasons.has(group)).sort((a, b) => (a.pk < b.pk ? -1 : 1))
      if (tenant.state === 'purged')
        return { ...held(ours), changes: ours.map((group) => remove(groups, group)) }
      if (foreign.length > 0)
        return { ...held(ours), changes: foreign.map((group) => refuse(group, reasons.get(group) ?? '')) }
      const [group] = ours
      if (!group) return { resources: [], notes: [], changes: [create(groups, tenant)] }
      return { ...held([group]), changes: stamp(groups, tenant, group, known.externalId) }
    },
    async survey(cursor, signal) {
      const page = cursor === null ? 1 : Number(cursor)
      const { results, next } = await groups.page(page, signal)
      return {
        found: results.flatMap((group) => {
          const { tenantId } = group.attributes
          return typeof tenantId === 'string' ? [{ ...resourceOf(group), tenantId }] : []
        }),
        next: next > 0 ? String(next) : null,
      }
    },
  }
}

function resourceOf(group: Group): Resource {
  const { tenantId, slug } = group.attributes
  const fingerprint = JSON.stringify([group.name, tenantId ?? null, slug ?? null, group.is_superuser])
  return { kind: 'group', name: group.name, externalId: group.pk, fingerprint }
}

const held = (groups: Group[]): Omit<StepPlan, 'changes'> => ({
  resources: groups.map(resourceOf),
  notes: [],
})

/** Why a group of the tenant's name can't be taken; undefined: it is ours. */
async function reasonToRefuse(
  groups: Groups,
  group: Group,
  tenant: DesiredTenant,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isThere = `Authentik has a group ${group.name} (${group.pk})`
  const { tenantId } = group.attributes
  if (tenantId === undefined) {
    const remedy = `rename it, or set its attribute tenantId to ${tenant.id} to hand it over with its members`
    return `${isThere} that Tenantry did not make: ${remedy}.`
  }
  if (tenantId !== tenant.id) return `${isThere} that belongs to another tenant, by its attribute tenantId.`
  if (tenant.state === 'active' && (await groups.makesSuperusers(group, signal)))
    return `${isThere} that makes its members superusers of Authentik, by itself or by a group above it: take that from it.`
  if (group.attributes.slug !== tenant.slug && !survivesJson(group.attributes)) {
    const why = 'an attribute holds a number too large to be written back unchanged'
    return `Set the attribute slug of Authentik's group ${group.name} by hand: ${why}.`
  }
  return undefined
}

function refuse(group: Group, reason: string): PlannedChange {
  return {
    action: 'refuse',
    kind: 'group',
    name: group.name,
    reason,
    apply: () => Promise.reject(new Error('What is refused is not applied')),
  }
}

function create(groups: Groups, tenant: DesiredTenant): PlannedChange {
  return {
    action: 'create',
    kind: 'group',
    name: tenant.slug,
    async apply(signal) {
      try {
        const attributes = { tenantId: tenant.id, slug: tenant.slug }
        await groups.create({ name: tenant.slug, attributes }, signal)
      } catch (error) {
        if (!(error instanceof RefusedError && error.fields.includes('name'))) throw error
        // Somebody was quicker: what they made is looked at when it is planned again.
        if ((await groups.list(tenant.slug, signal)).length > 0) return
        const remedy =
          "it shows none of that name to the token's user, who may lack the permission to view groups"
        throw failed('conflict', `${error.message}; yet ${remedy}`)
      }
    },
  }
}

/** Adopts a group that is not on record yet, and writes the slug where it is not right. */
function stamp(
  groups: Groups,
  { id: tenantId, slug }: DesiredTenant,
  group: Group,
  knownId: string | null,
): PlannedChange[] {
  const isStamped = group.attributes.slug === slug
  if (isStamped) return []
  const was = group.attributes.slug
  return [
    {
      action: knownId === group.pk ? 'update' : 'adopt',
      kind: 'group',
      name: group.name,
      fields: { slug: { from: typeof was === 'string' ? was : null, to: slug } },
      apply: async (signal) => {
        await groups.changeAttributes(group, (now) => ({ ...now, tenantId, slug }), signal)
      },
    },
  ]
}

function remove(groups: Groups, group: Group): PlannedChange {
  return {
    action: 'delete',
    kind: 'group',
    name: group.name,
    apply: (signal) => groups.remove(group, signal),
  }
}
