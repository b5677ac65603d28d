import { afterEach, beforeEach, expect } from 'vitest'
import { createAuthentik } from '#server/integrations/authentik/client'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { newId } from '#server/lib/ids'
import type { DesiredMember, DesiredTenant, StepPlanner } from '#server/provisioning/step-planner.port'
import { carryOut, desiredOf } from './provisioning'

const signal = new AbortController().signal

export function person(email: string | null, more: Partial<DesiredMember> = {}): DesiredMember {
  return { userId: newId(), email, name: 'Ada', role: 'member', locale: null, mailbox: null, ...more }
}

/** A tenant with a group at a fake of Authentik, new for each test, and what tests do and see there. */
export function useMemberScene() {
  let fake: AuthentikFake
  let tenant: DesiredTenant
  let groupStep: StepPlanner
  let memberStep: StepPlanner
  beforeEach(async () => {
    fake = await startAuthentikFake()
    const { planners } = createAuthentik({ apiUrl: fake.url, token: fake.token })
    groupStep = planners.find(({ step }) => step === 'group') as StepPlanner
    memberStep = planners.find(({ step }) => step === 'members') as StepPlanner
    tenant = desiredOf({ id: newId(), slug: 'acme' })
    await carryOut(groupStep, tenant, signal)
  })
  afterEach(async () => {
    await fake.stop()
    expect(fake.violations()).toEqual([])
  })

  /** @param former whose access ended and was not read to have */
  const as = (
    members: DesiredMember[],
    state: DesiredTenant['state'] = 'active',
    former: DesiredMember[] = [],
  ) => ({ ...tenant, members, state, former })
  type Given = Parameters<typeof as>
  const group = () => fake.groups().find(({ name }) => name === 'acme') ?? expect.fail('no group')
  const byName = (username: string) => fake.users().find((user) => user.username === username)

  /** Changes something as an administrator of Authentik does. */
  async function call(method: string, path: string, body: object): Promise<void> {
    const answer = await fetch(`${fake.url}/api/v3/core/${path}`, {
      method,
      headers: { authorization: `Bearer ${fake.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.ok).toBe(true)
  }

  return {
    signal,
    get fake() {
      return fake
    },
    get tenant() {
      return tenant
    },
    get groupStep() {
      return groupStep
    },
    get memberStep() {
      return memberStep
    },
    as,
    settle: (...given: Given) => carryOut(memberStep, as(...given), signal),
    plan: (...given: Given) => memberStep.plan(as(...given), { externalId: null }, signal),
    group,
    /** The usernames of everybody in the group. */
    inside: () =>
      fake
        .users()
        .filter(({ pk }) => group().users.includes(pk))
        .map(({ username }) => username),
    byName,
    putIn: (username: string, more: object = {}) =>
      fake.addUser({ username, email: username, name: username, groups: [group().pk], ...more }),
    setAttributes: (pk: string, attributes: object) => call('PATCH', `groups/${pk}/`, { attributes }),
    setUser: (username: string, change: object) => call('PATCH', `users/${byName(username)?.pk}/`, change),
    putBackByHand: (username: string) =>
      call('POST', `groups/${group().pk}/add_user/`, { pk: byName(username)?.pk }),
    removeByHand: (username: string) =>
      call('POST', `groups/${group().pk}/remove_user/`, { pk: byName(username)?.pk }),
  }
}
