import type { DesiredTenant } from './desired'
import type {
  PlannedChange,
  Resource,
  StepPlan,
  StepPlanner,
  Surveyed,
  Use,
} from '#server/provisioning/step-planner.port'
import { findSpaces, type FoundSpaces, type SpaceHints } from './found'
import { createSpaceWrites, desiredFields, differences } from './space-writes'
import { isDisabled, mayHoldFiles, type Spaces } from './spaces'
import { readStamp } from './stamp'
import type { Drive } from './wire'

const kind = 'space'

/**
 * The step `space`: one project space for each tenant, known by the stamp in its description, since names are not
 * unique. `externalId` is its id. `closed` disables it, with everything that carries the stamp; `purged` removes all
 * of that for good.
 *
 * Of two that came to be by a race the one without files is set aside: marked and disabled, never removed before the
 * tenant is. One that holds files is left to an operator, by a note.
 *
 * A plan for a space that is known is one small call; to find one by its stamp, the list of all is read.
 *
 * The survey is one call, since OCIS does not page its spaces, of which is kept what is compared alone: it sees the disabled ones too, and nothing of who is in
 * a space. It gives several of one tenant where there are, those that were set aside left out.
 */
export function createSpaceStep(spaces: Spaces, hints: SpaceHints): StepPlanner {
  const writes = createSpaceWrites(spaces)

  async function planActive(
    tenant: DesiredTenant,
    knownId: string | null,
    signal: AbortSignal,
  ): Promise<StepPlan> {
    const found = await findSpaces(spaces, tenant, knownId, 'main', signal)
    const { main, foreign } = found
    if (main) hints.remember(tenant.id, main.id)
    if (!main && foreign) return { resources: [], changes: [refuseForeign(foreign, tenant)], notes: [] }
    const changes = main ? bring(main, tenant, knownId) : [create(tenant, knownId)]
    return {
      resources: resourcesOf(found),
      uses: usesOf(found),
      changes: [
        ...changes,
        ...found.others.flatMap((other) => second(other, tenant)),
        ...leftovers(found, tenant),
      ],
      notes: found.others.flatMap(noteOfSecond),
      isPartial: main !== undefined && isDisabled(main) && main.quota?.total == null,
    }
  }

  function create(tenant: DesiredTenant, knownId: string | null): PlannedChange {
    const { name, total } = desiredFields(tenant)
    let hasRun = false
    return {
      action: 'create',
      kind,
      name,
      fields: { quota: { from: null, to: total } },
      ...(knownId === null ? {} : { reason: `The one that was known (${knownId}) is not there any more` }),
      async apply(signal) {
        const { main } = hasRun ? await findSpaces(spaces, tenant, null, 'all', signal) : { main: undefined }
        hasRun = true
        // Where somebody else makes one at the same time, the next plan settles on one of them.
        const space = main ?? (await spaces.create(desiredFields(tenant), signal))
        if (main || Object.keys(differences(space, tenant)).length > 0)
          await writes.bring(space, tenant, signal)
      },
    }
  }

  function bring(main: Drive, tenant: DesiredTenant, knownId: string | null): PlannedChange[] {
    const { name, description, total } = differences(main, tenant)
    const fields = {
      ...(name === undefined ? {} : { name: { from: main.name, to: name } }),
      // The quota of a disabled one is not always told; then it is looked at once it is open.
      ...(total === undefined || (isDisabled(main) && main.quota?.total == null)
        ? {}
        : { quota: { from: main.quota?.total ?? null, to: total } }),
      ...(description === undefined
        ? {}
        : { description: { from: main.description || null, to: description } }),
    }
    const action = main.id === knownId ? 'update' : 'adopt'
    const change: PlannedChange = {
      action,
      kind,
      name: main.name,
      fields,
      apply: (signal) => writes.bring(main, tenant, signal),
    }
    return [
      ...(isDisabled(main) ? [restore(main, tenant)] : []),
      ...(Object.keys(fields).length > 0 ? [change] : []),
    ]
  }

  function restore(drive: Drive, { id }: DesiredTenant): PlannedChange {
    return {
      action: 'update',
      kind,
      name: drive.name,
      fields: { state: { from: 'disabled', to: 'open' } },
      apply: (signal) => writes.restore(drive, id, signal),
    }
  }

  /** No deletion, which could have to be approved: nothing is lost. */
  function second(other: Drive, tenant: DesiredTenant): PlannedChange[] {
    if (isDisabled(other) || mayHoldFiles(other)) return []
    return [
      {
        ...disable(other, tenant),
        reason: `It is a second space of this tenant, ${named(other)}, without files`,
        apply: (signal) => writes.setAside(other, tenant.id, signal),
      },
    ]
  }

  /** What was marked as set aside, and then not disabled. */
  function leftovers({ superseded }: FoundSpaces, tenant: DesiredTenant): PlannedChange[] {
    return superseded.filter((drive) => !isDisabled(drive)).map((drive) => disable(drive, tenant))
  }

  function disable(drive: Drive, { id }: DesiredTenant): PlannedChange {
    return {
      action: 'update',
      kind,
      name: drive.name,
      fields: { state: { from: 'open', to: 'disabled' } },
      apply: (signal) => writes.disable(drive, id, signal),
    }
  }

  function purge(drive: Drive, { id }: DesiredTenant): PlannedChange {
    return {
      action: 'delete',
      kind,
      name: drive.name,
      reason: `${named(drive)} is removed for good, with all files`,
      apply: (signal) => writes.purge(drive, id, signal),
    }
  }

  return {
    service: 'ocis',
    step: 'space',

    async plan(tenant, { externalId }, signal) {
      if (tenant.state === 'active') return planActive(tenant, externalId, signal)
      const found = await findSpaces(spaces, tenant, externalId, 'all', signal)
      const all = [...(found.main ? [found.main] : []), ...found.others, ...found.superseded]
      const change = tenant.state === 'purged' ? purge : disable
      const due = tenant.state === 'purged' ? all : all.filter((drive) => !isDisabled(drive))
      return {
        resources: resourcesOf(found),
        changes: due.map((drive) => change(drive, tenant)),
        notes: [],
      }
    },

    async survey(_cursor, signal) {
      const found: Surveyed[] = []
      await spaces.each((drive) => {
        const stamp = readStamp(drive.description)
        if (!stamp?.isSuperseded) found.push({ ...resourceOf(drive), tenantId: stamp?.tenantId ?? null })
      }, signal)
      return { found, next: null }
    },
  }
}

/** What of a second space is an operator's to decide. No refusal, which would hold up everything else. */
function noteOfSecond(other: Drive): string[] {
  const second = `A second space of this tenant, ${named(other)},`
  if (isDisabled(other)) return [`${second} is disabled; nobody gets in.`]
  if (!mayHoldFiles(other)) return []
  return [`${second} holds files: move them into the other one, then disable it.`]
}

const named = (drive: Drive) => `${drive.name} (${drive.id})`

function refuse(drive: Drive, reason: string): PlannedChange {
  return {
    action: 'refuse',
    kind,
    name: drive.name,
    reason,
    apply: () => Promise.reject(new TypeError('what is refused is not applied')),
  }
}

function refuseForeign(drive: Drive, tenant: DesiredTenant): PlannedChange {
  const remedy = `end its description with [tenantry:space:${tenant.id}] if that is wrong`
  return refuse(
    drive,
    `This tenant's space, ${named(drive)}, now carries the mark of another tenant: ${remedy}`,
  )
}

/** Of a disabled one it is not told. */
const usesOf = ({ main }: FoundSpaces): Use[] =>
  main?.quota?.used == null ? [] : [{ of: 'storage', name: main.name, usedBytes: main.quota.used }]

function resourcesOf({ main, others }: FoundSpaces): Resource[] {
  return [...(main ? [main] : []), ...others].map(resourceOf)
}

function resourceOf(drive: Drive): Resource {
  const { id, name, quota, description } = drive
  const state = isDisabled(drive) ? 'disabled' : 'open'
  const fingerprint = JSON.stringify([
    state,
    name,
    quota?.total ?? null,
    readStamp(description)?.tenantId ?? null,
  ])
  return { kind, name, externalId: id, fingerprint }
}
