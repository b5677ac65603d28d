import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { Fault, type Faults, type OperationId } from './fake-faults.ts'
import { problem, readJson, send } from './fake-http.ts'

/** A domain as anybody sees it, whichever dialect the fake speaks. */
export interface FakeDomain {
  id: string
  name: string
  description: string | null
  isEnabled: boolean
  /** Kinds of its DKIM keys that sign. */
  keys: string[]
}

/** An account as anybody sees it, whichever dialect the fake speaks. */
export interface FakeAccount {
  id: string
  email: string
  /** Addresses that receive, without the first. */
  aliases: string[]
  description: string | null
  quotaBytes: number | null
  /** Whether it may sign in at all. */
  canSignIn: boolean
  /** Whether it has a password. */
  hasPassword: boolean
}

export const NewDomain = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  aliases: z.array(z.string()).optional(),
})
/** `stamp`: what makes it ours. */
export const NewAccount = z.strictObject({
  email: z.string().regex(/^[^@]+@[^@]+$/),
  description: z.string().optional(),
  aliases: z.array(z.string()).optional(),
  stamp: z.string().optional(),
})
export type NewDomain = z.output<typeof NewDomain>
export type NewAccount = z.output<typeof NewAccount>

/** What holds the state of one dialect. */
export interface FakeState {
  /** All domains, by name. */
  domains(): FakeDomain[]
  /** All accounts of people, by address. */
  accounts(): FakeAccount[]
  /** Puts a domain there as somebody else would have, without a call. @throws Error if the name is taken */
  addDomain(domain: NewDomain): FakeDomain
  /** Puts an account there as somebody else would have, without a call. */
  addAccount(account: NewAccount): FakeAccount
  /** Changes one as somebody else would: whether it may sign in, or its name. */
  changeAccount(email: string, change: { canSignIn?: boolean; description?: string }): void
  removeAccount(email: string): void
  removeKeys(domain: string): void
  /** Does what is to be done in the background: 0.16 makes its keys there. */
  runTasks(): void
  clear(): void
}

/** What a test sees of the fake and does to it, besides calling it. */
export interface Controls extends FakeState {
  readonly faults: Faults
  /** Calls so far by operation, those that met a fault among them. */
  calls(): Record<OperationId, number>
  /** HTTP requests so far, but for those of the control. */
  requests(): number
  /** The most calls that were under way at once. */
  peakConcurrency(): number
  /** Requests, and answers of the fake's own, that did not fit the published schema; in words. */
  violations(): string[]
  /** Forgets everything. */
  reset(): void
}

/**
 * Controls the fake from another process. It asks for no token, and is no part of Stalwart's API.
 * - `GET /-/state` → 200 `{ domains, accounts, calls, requests, peakConcurrency, violations, faults }`
 * - `DELETE /-/state` → 204; forgets all of that
 * - `POST /-/faults` with a `Fault` → 201 with all that wait; `DELETE /-/faults` → 204
 * - `POST /-/domains`, `POST /-/accounts` → 201; made by somebody else
 * - `POST /-/tasks` → 204; does what waits in the background
 *
 * A body that does not fit gets 422. Bodies must be application/json, which a page of another origin cannot send here.
 */
export async function answerControl(
  fake: Controls,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const read = await readJson(request)
  if ('refusal' in read) return send(response, read.refusal)
  switch (`${request.method} ${path}`) {
    case 'GET /-/state':
      return send(response, { status: 200, body: stateOf(fake) })
    case 'DELETE /-/state':
      fake.reset()
      return send(response, { status: 204 })
    case 'DELETE /-/faults':
      fake.faults.clear()
      return send(response, { status: 204 })
    case 'POST /-/tasks':
      fake.runTasks()
      return send(response, { status: 204 })
    case 'POST /-/faults':
      return accept(response, Fault, read.body, (fault) => {
        fake.faults.add(fault)
        return fake.faults.list()
      })
    case 'POST /-/domains':
      return accept(response, NewDomain, read.body, (domain) => fake.addDomain(domain))
    case 'POST /-/accounts':
      return accept(response, NewAccount, read.body, (account) => fake.addAccount(account))
    default:
      return send(response, problem(404, 'Not Found', 'The fake has no such control.'))
  }
}

function stateOf(fake: Controls) {
  return {
    domains: fake.domains(),
    accounts: fake.accounts(),
    calls: fake.calls(),
    requests: fake.requests(),
    peakConcurrency: fake.peakConcurrency(),
    violations: fake.violations(),
    faults: fake.faults.list(),
  }
}

function accept<Schema extends z.ZodType>(
  response: ServerResponse,
  schema: Schema,
  body: unknown,
  apply: (value: z.output<Schema>) => unknown,
): void {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return send(response, problem(422, 'Unfit', z.prettifyError(parsed.error)))
  try {
    return send(response, { status: 201, body: apply(parsed.data) })
  } catch (error) {
    return send(response, problem(422, 'Unfit', error instanceof Error ? error.message : 'It can not be.'))
  }
}
