import type { StepPlanner, Surveyed } from '#server/provisioning/step-planner.port'

/** What everything on a shelf is when nobody changed it. */
const right = 'as it should be'

/**
 * An outside service that keeps one thing for each tenant, and lists the things of all of them in pages. Hands can do to
 * it what they like; `failing` decides whether a call fails.
 */
export function createShelf(
  options: { pageSize?: number; service?: StepPlanner['service']; step?: string } = {},
) {
  const { pageSize = 100, service = 'authentik', step = 'group' } = options
  const things = new Map<string, Surveyed>()
  const surveys: (string | null)[] = []
  const plans: string[] = []
  let failing: (what: 'plan' | 'change' | 'survey', of: string | null) => Error | undefined = () => undefined
  const meet = (what: 'plan' | 'change' | 'survey', of: string | null) => {
    const error = failing(what, of)
    if (error) throw error
  }
  const put = (thing: Partial<Surveyed> & { externalId: string }) => {
    things.set(thing.externalId, {
      kind: step,
      name: thing.externalId,
      fingerprint: right,
      tenantId: null,
      ...thing,
    })
  }
  const idOf = (tenantId: string) => `thing-${tenantId}`
  const planner: StepPlanner = {
    service,
    step,
    async plan({ id, slug }) {
      plans.push(id)
      meet('plan', id)
      const thing = things.get(idOf(id))
      const isRight = thing?.fingerprint === right && thing.tenantId === id
      const bring = async () => {
        meet('change', id)
        put({ externalId: idOf(id), name: slug, tenantId: id })
      }
      return {
        resources: thing ? [thing] : [],
        changes: isRight
          ? []
          : [
              {
                action: thing ? ('update' as const) : ('create' as const),
                kind: step,
                name: slug,
                apply: bring,
              },
            ],
        notes: [],
      }
    },
    async survey(cursor) {
      surveys.push(cursor)
      meet('survey', cursor)
      const from = Number(cursor ?? 0)
      const all = [...things.values()]
      const next = from + pageSize < all.length ? String(from + pageSize) : null
      return { found: all.slice(from, from + pageSize), next }
    },
  }
  return {
    planner,
    things,
    /** The cursors that pages were asked for with. */
    surveys,
    /** The tenants that were planned, one for each plan. */
    plans,
    put,
    change: (tenantId: string, fingerprint = 'by hand') => {
      const thing = things.get(idOf(tenantId))
      if (!thing) throw new Error('It is not there')
      things.set(thing.externalId, { ...thing, fingerprint })
    },
    remove: (tenantId: string) => void things.delete(idOf(tenantId)),
    failWhere: (decide: typeof failing) => void (failing = decide),
  }
}
