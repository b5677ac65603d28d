import { stepsStore } from '../steps.store'
import { tenantSteps } from '../steps'
import { along, behind } from './place'
import type { Sweeping } from './sweeping'
import type { SweepClaim } from './sweeps.store'

const page = 200

/** Has the tenants asked that lack a step, as those do that were made before there was one; a page of them. */
export async function askLacking(claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { clock, store, wake, queue } = work
  const { place } = claim
  const cursor = place.track?.cursor ?? null
  let asked: string[] = []
  const advanced = await store.advance(claim, async (tx) => {
    const tenants = await tx.tenant.findMany({
      where: cursor === null ? {} : { id: { gt: cursor } },
      orderBy: { id: 'asc' },
      take: page,
      select: { id: true, _count: { select: { steps: true } } },
    })
    asked = tenants.filter(({ _count }) => _count.steps < tenantSteps.length).map(({ id }) => id)
    for (const id of asked)
      await stepsStore(tx, clock, id, { actor: { kind: 'system' }, queue }).ask('changed')
    const last = tenants.at(-1)
    return { place: last && tenants.length === page ? along(place, { cursor: last.id }) : behind(place) }
  })
  for (const id of asked) wake(id)
  return advanced
}
