import type { AcceptClaim } from '#shared/contracts/machines'
import type { HttpClient } from './http'
import { TestMachine } from './machine'
import type { Portal } from './portal'

let count = 0

/** A machine of one portal, which may have to be claimed. */
export interface MachineAt {
  machine: TestMachine
  id: string
  handle: string
  /** Makes a signed call. */
  call(method: string, path: string, body?: unknown): ReturnType<TestMachine['call']>
  /** Another address of its claim; the one before it ends. */
  askAgain(): Promise<string>
}

/** A machine that has registered, and the token of its claim. */
export async function registerMachine(portal: Portal, handle = `machine-${(count += 1)}`) {
  const { container } = portal
  const machine = new TestMachine(handle, container.config.publicUrl, () => container.clock.now())
  const { machines } = container.scopes.platform('test').stores
  const from = { address: '192.0.2.7', userAgent: 'tenantry/1' }
  const { id } = await machines.register({ handle, did: machine.did, ...from })
  const askAgain = async () => (await container.claimTokens.issue(id)).token
  const { url } = portal.browser()
  const at: MachineAt = {
    ...{ machine, id, handle, askAgain },
    call: (method, path, body) => machine.call(url, method, path, body),
  }
  return { ...at, token: await askAgain() }
}

/** A machine that somebody has accepted. */
export async function claimMachine(portal: Portal, by: HttpClient, input: AcceptClaim, handle?: string) {
  const registered = await registerMachine(portal, handle)
  const accepted = await by.post(`/api/claims/${registered.token}/accept`, input)
  if (accepted.status !== 200) throw new Error(`Answered ${accepted.status}: ${accepted.text}`)
  return { ...registered, shown: accepted.json }
}
