import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StepPlan, StepPlanner } from '#server/provisioning/step-planner.port'
import { createOcisPlanners, type OcisOptions } from './client'
import type { DesiredTenant } from './desired'
import { startOcisFake, type OcisFake } from './fake'
import type { FakeDrive } from './fake-drives'
import { applyAll, newMember, newTenant } from './fake-tenants'
import { describeSpace } from './stamp'

const signal = new AbortController().signal
const ada = 'ada@acme.example'
const bob = 'bob@acme.example'

let fake: OcisFake
let tenant: DesiredTenant
let space: FakeDrive
beforeEach(async () => {
  fake = await startOcisFake({ flavour: 'opencloud' })
  tenant = newTenant({ members: [newMember(ada, 'owner'), newMember(bob)] })
  space = fake.addDrive({ name: 'Acme', total: 1_000_000_000, description: describeSpace(tenant.id) })
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function step(options: Partial<OcisOptions> = {}): StepPlanner {
  const auth = { appToken: fake.credentials.appToken }
  const [, members] = createOcisPlanners({ apiUrl: fake.url, auth, ...options })
  if (!members) throw new Error('no planner')
  return members
}
const addUsers = (...mails: string[]) => mails.map((mail) => fake.addUser({ mail }).id)
const actions = ({ changes }: StepPlan) => changes.map(({ action, name }) => `${action} ${name}`)

describe('how people are looked for', () => {
  const planOf = (mails: readonly string[], by = step()) => {
    const members = mails.map((mail) => newMember(mail))
    return by.plan({ ...tenant, members }, { externalId: space.id }, signal)
  }
  const searches = async (work: Promise<unknown>) => {
    const before = fake.calls().ListUsers
    await work
    return fake.calls().ListUsers - before
  }
  const several = (count: number, domain: string) =>
    Array.from({ length: count }, (_, index) => `m${index}@${domain}`)

  it('is by their domain where some share one, and by themselves else', async () => {
    const mails = [...several(4, 'acme.example'), 'ada@one.example', 'bob@two.example']
    addUsers(...mails, 'eve@sub.acme.example', 'eve@acme.example.org')
    const planned = planOf(mails)
    expect(await searches(planned)).toBe(3)
    expect(actions(await planned)).toEqual(mails.map((mail) => `create ${mail}`))
  })

  it('is one by one where a domain has a crowd, once that is known', async () => {
    addUsers(...several(600, 'everybody.example'))
    const members = step()
    const few = several(4, 'everybody.example')
    expect(await searches(planOf(few, members))).toBe(1)
    expect(await searches(planOf(few, members))).toBe(4)
    const planned = planOf(several(100, 'everybody.example'), members)
    expect(await searches(planned)).toBe(1)
    expect((await planned).changes).toHaveLength(100)
  })

  it('is one by one too where a server looks at the beginning alone', async () => {
    const mails = several(4, 'acme.example')
    addUsers(...mails)
    const members = step({
      async fetch(input, init) {
        const isByDomain = new URL(String(input)).searchParams.get('$search')?.startsWith('"@')
        return isByDomain ? Response.json({ value: [] }) : fetch(input, init)
      },
    })
    const planned = planOf(mails, members)
    expect(await searches(planned)).toBe(4)
    expect((await planned).changes).toHaveLength(4)
  })

  it('finds who has no account at the first look, once a domain was found', async () => {
    addUsers('ada@one.example')
    const members = step()
    expect(await searches(planOf(['ada@one.example', 'bob@one.example'], members))).toBe(1)
    expect(await searches(planOf(several(4, 'nobody.example'), members))).toBe(1)
  })
})

describe('the plan after the last change', () => {
  it('goes by what was read to prove it, once', async () => {
    addUsers(ada, bob)
    const members = step()
    const planOf = () => members.plan(tenant, { externalId: space.id }, signal)
    await applyAll(await planOf())
    const before = fake.calls()
    expect((await planOf()).changes).toEqual([])
    expect(fake.calls()).toEqual(before)
    const [grant] = fake
      .drives()
      .flatMap(({ grants }) => grants.filter(({ holderId }) => holderId !== fake.serviceId))
    fake.removeUser(grant?.holderId ?? '')
    expect(actions(await planOf())).not.toEqual([])
  })

  it('reads anew where the tenant is to be another by then', async () => {
    addUsers(ada, bob)
    const members = step()
    await applyAll(await members.plan(tenant, { externalId: space.id }, signal))
    const changed = { ...tenant, members: tenant.members.slice(0, 1) }
    expect(actions(await members.plan(changed, { externalId: space.id }, signal))).toEqual([`update ${bob}`])
  })

  it('looks again for accounts that were made', async () => {
    const members = step({ createUsers: true })
    const planOf = () => members.plan(tenant, { externalId: space.id }, signal)
    await applyAll(await planOf())
    fake.addUser({ mail: ada })
    expect((await planOf()).notes).toEqual([expect.stringContaining('More than one account')])
  })
})
