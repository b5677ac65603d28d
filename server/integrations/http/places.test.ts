import { afterEach, describe, expect, it } from 'vitest'
import { createPlaces, type Places } from '#server/lib/places'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { createAuthentikPlanners } from '../authentik/client'
import { startAuthentikFake } from '../authentik/fake'
import { createOcisPlanners } from '../ocis/client'
import { startOcisFake } from '../ocis/fake'
import { newMember, newTenant } from '../ocis/fake-tenants'
import { createStalwartPlanners } from '../stalwart/client'
import { startStalwartFake } from '../stalwart/fake'

const signal = new AbortController().signal

interface Fake {
  faults: { add(fault: { kind: 'delay'; ms: number; times: 'always' }): void }
  peakConcurrency(): number
  violations(): string[]
  stop(): Promise<void>
}
interface Service {
  fake: Fake
  planners(places: Places): StepPlanner[]
}

const services: Record<string, () => Promise<Service>> = {
  async authentik() {
    const fake = await startAuthentikFake()
    const planners = (places: Places) =>
      createAuthentikPlanners({ apiUrl: fake.url, token: fake.token, places })
    return { fake, planners }
  },
  async stalwart() {
    const fake = await startStalwartFake()
    const planners = (places: Places) =>
      createStalwartPlanners({ apiUrl: fake.url, token: fake.token, places })
    return { fake, planners }
  },
  async ocis() {
    const fake = await startOcisFake()
    const { clientId, clientSecret } = fake.credentials
    const auth = { clientId, clientSecret, tokenUrl: fake.tokenUrl }
    const planners = (places: Places) => createOcisPlanners({ apiUrl: fake.url, auth, places })
    return { fake, planners }
  },
}

let running: Fake | undefined
afterEach(async () => {
  await running?.stop()
  expect(running?.violations()).toEqual([])
})

describe.each(Object.entries(services))('calls of %s', (_name, start) => {
  it('are no more at a time than there are places, however many tenants are planned', async () => {
    const { fake, planners } = await start()
    running = fake
    fake.faults.add({ kind: 'delay', ms: 5, times: 'always' })
    const steps = planners(createPlaces(3))
    const tenants = Array.from({ length: 12 }, (_, n) => {
      const members = [1, 2, 3, 4].map((m) => ({
        ...newMember(`p${m}@of-${n}-${m}.example`),
        mailbox: `p${m}`,
      }))
      return newTenant({ slug: `t${n}`, name: `T${n}`, domains: [`t${n}.example`], members })
    })
    await Promise.all(
      tenants.flatMap((tenant) => steps.map((step) => step.plan(tenant, { externalId: null }, signal))),
    )
    expect(fake.peakConcurrency()).toBe(3)
  })
})
