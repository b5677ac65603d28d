import { IntegrationError } from '#server/lib/errors'
import type { TenantScope } from '#server/scope'
import { servicesFor, type PlanMeans } from './plan'
import type { ServiceName, Use } from './step-planner.port'
import { stepKey } from './steps'

/** The steps that tell how much of what is paid for is used. */
const tellingSteps = new Set(['stalwart/accounts', 'ocis/space'])

/** What is known of a mailbox, which takes what it takes whatever its state; a closed space is told of by none. */
const mailboxKind = 'account'

/** What the services hold of a tenant now. */
export interface Usage {
  uses: Use[]
  /** Those that could not be asked, with their words. */
  unknown: { service: ServiceName; why: string }[]
}

/** Asks the services how much the tenant uses, as its plans do; changes nothing. */
export async function readUsage(scope: TenantScope, means: PlanMeans): Promise<Usage> {
  const { stores } = scope
  const tenant = await stores.desired.get()
  const { steps } = await stores.steps.list()
  const known = new Map(steps.map((step) => [stepKey(step), step.externalId]))
  const signal = AbortSignal.timeout(means.timeoutMs ?? 20_000)
  const usage: Usage = { uses: [], unknown: [] }
  const services = await servicesFor(means, scope)
  const telling = services.planners.filter((planner) => tellingSteps.has(stepKey(planner)))
  await Promise.all(
    telling.map(async (planner) => {
      const { service } = planner
      const externalId = known.get(stepKey(planner)) ?? null
      try {
        const ask = () => planner.plan(tenant, { externalId }, signal)
        const { uses = [], resources } = await services.gate(service).run(ask, signal)
        usage.uses.push(...uses)
        const untold = resources.filter(
          ({ kind, name }) => kind === mailboxKind && !uses.some((use) => use.name === name),
        )
        if (untold.length > 0) usage.unknown.push({ service, why: untoldInWords(untold) })
      } catch (error) {
        if (!(error instanceof IntegrationError) && !signal.aborted) throw error
        const why = error instanceof IntegrationError ? error.message : 'It did not answer in time.'
        usage.unknown.push({ service, why })
      }
    }),
  )
  return usage
}

function untoldInWords(untold: readonly { name: string }[]): string {
  const [first, ...others] = untold.map(({ name }) => name)
  return `It is not told how much ${first}${others.length > 0 ? ` and ${others.length} more` : ''} uses.`
}
