import { TestMachine } from '../harness/machine'
import type { BrowserPortal } from './portal'

/** A machine that has registered at the built server, and asks to be let in. */
export interface AskingMachine {
  /** Path of its claim's page. */
  path: string
  /** Makes a signed call. @returns its status, and what came back */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json?: Record<string, unknown> }>
  /** Another link; the one before it ends. */
  askAgain(): Promise<string>
}

export async function registerMachine(
  { server }: Pick<BrowserPortal, 'server'>,
  handle: string,
): Promise<AskingMachine> {
  const machine = new TestMachine(handle, server.url)
  const ask = async () => {
    const body = { handle, did: machine.did }
    const { status, json, text } = await machine.call(server.url, 'POST', '/api/identities', body)
    if (status >= 300) throw new Error(`Registering answered ${status}: ${text}`)
    return new URL(json.claimUrl as string).pathname
  }
  return {
    path: await ask(),
    call: (method, path, body) => machine.call(server.url, method, path, body),
    askAgain: ask,
  }
}
