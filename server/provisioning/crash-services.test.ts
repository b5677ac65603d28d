import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { cutting } from '../../tests/harness/cutting'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createWorkshop, eventually } from '../../tests/harness/provisioning'
import { startServices, type Services } from '../../tests/harness/all-services'
import type { StepPlanner } from './step-planner.port'
import { stepKey, tenantSteps } from './steps'

const moments = [
  'before it observes',
  'after it observed',
  'after a change was applied, before it is recorded',
  'after it observed that all is done, before it is recorded',
  'after it was recorded',
] as const
type Moment = (typeof moments)[number]
const [observes, observed, applied, proved, recorded] = moments

const steps = tenantSteps.filter(({ service }) => service !== 'mail').map(stepKey)

/** A process that is killed at one moment of one step. Nothing that it tries afterwards has any effect. */
function mortal(victim: string, moment: Moment) {
  let isDead = false
  const live = () => {
    if (isDead) throw new Error('The process was killed')
  }
  const reach = (reached: Moment) => {
    if (reached === moment) isDead = true
    live()
  }

  function over(planner: StepPlanner): StepPlanner {
    const at = stepKey(planner) === victim ? reach : live
    return {
      ...planner,
      async plan(...input) {
        live()
        at(observes)
        const { changes, ...found } = await planner.plan(...input)
        live()
        at(changes.length > 0 ? observed : proved)
        const mortalChanges = changes.map((change) => ({
          ...change,
          async apply(signal: AbortSignal) {
            live()
            await change.apply(signal)
            at(applied)
          },
        }))
        return { ...found, changes: mortalChanges }
      },
    }
  }

  return {
    isDead: () => isDead,
    over,
    database(database: Database): Database {
      const { transaction } = database
      const isRecorded = async () => {
        const done = await database.client.provisioningStep.findMany({ where: { status: 'ok' } })
        return done.some((step) => stepKey(step) === victim)
      }
      return cutting(
        {
          ...database,
          async transaction(work) {
            const result = await transaction(work)
            if (moment === recorded && (await isRecorded())) reach(recorded)
            return result
          },
        },
        async (act) => {
          live()
          const result = await act()
          live()
          return result
        },
      )
    },
  }
}

describeEachDatabase('a process that is killed, with all services,', (given) => {
  const shop = createWorkshop(given)
  let services: Services
  beforeAll(async () => {
    services = await startServices()
  })
  afterEach(() => services.reset())
  afterAll(async () => expect(await services.stop()).toEqual([]))

  describe.each(steps)('at the step %s', (victim) => {
    it.each(moments)('%s: another ends in the same state, and nothing is there twice', async (moment) => {
      const { id, slug } = await shop.createTenant()
      await shop.addPeople(id, ['ada', 'bob'])
      await shop.addDomains(id, ['acme.example'])
      const killed = mortal(victim, moment)
      const worker = shop.start(
        services.planners().map((planner) => ({ planner: killed.over(planner) })),
        { database: killed.database(given.database) },
      )
      await eventually(() => expect(killed.isDead()).toBe(true))
      shop.clock.advance(15_000)
      // What was sent before it died may still arrive; nothing of it is heard.
      await worker.stop(2_000)

      const heir = shop.start(services.planners().map((planner) => ({ planner })))
      const state = await shop.reached(id, 'active')
      await heir.stop()
      expect(state.runs).toEqual([{ cause: 'created', status: 'done', ended: true }])
      expect(state.activations).toBe(1)
      expect(state.steps.map(({ status }) => status)).toEqual([...steps.map(() => 'ok'), 'skipped'])
      expect(services.holdings(slug)).toEqual({
        groups: [slug],
        insiders: ['ada@example.org', 'bob@example.org'],
        domains: ['acme.example'],
        mailboxes: ['ada@acme.example', 'bob@acme.example'],
        closedMailboxes: [],
        spaces: ['Acme'],
        guests: ['ada@example.org', 'bob@example.org'],
      })
      for (const fake of [services.authentik, services.ocis]) expect(fake.users()).toHaveLength(2)
    })
  })
})
