import { z } from 'zod'
import { accept, act, createControl, type Controlled } from '../fakes/control.ts'
import { refusals } from './fake-answers.ts'
import type { OperationId } from './fake-operations.ts'
import type { FakeRecord } from './fake-zone.ts'

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
  /** What its mail takes. */
  usedBytes: number
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
const AccountChange = z.strictObject({
  email: z.string(),
  canSignIn: z.boolean().optional(),
  description: z.string().optional(),
  usedBytes: z.int().min(0).optional(),
})
export type AccountChange = Partial<Omit<z.output<typeof AccountChange>, 'email'>>
export type NewDomain = z.output<typeof NewDomain>
export type NewAccount = z.output<typeof NewAccount>

/** What holds the state of one dialect. */
export interface FakeState {
  /** All domains, by name. */
  domains(): FakeDomain[]
  /** All accounts of people, by address. */
  accounts(): FakeAccount[]
  /** What it wants published for all its domains. */
  records(): FakeRecord[]
  /** Puts a domain there as somebody else would have, without a call. @throws Error if the name is taken */
  addDomain(domain: NewDomain): FakeDomain
  /** Puts an account there as somebody else would have, without a call. */
  addAccount(account: NewAccount): FakeAccount
  /** Changes one as somebody else would: whether it may sign in, its name, or what mail takes in it. */
  changeAccount(email: string, change: AccountChange): void
  removeAccount(email: string): void
  removeKeys(domain: string): void
  /** Does what is to be done in the background: 0.16 makes its keys there. */
  runTasks(): void
  clear(): void
}

/** What a test sees of the fake and does to it, besides calling it. */
export interface Controls extends FakeState, Controlled<OperationId> {
  /** HTTP requests so far, but for those of the control. */
  requests(): number
}

/**
 * Controls the fake from another process, as `createControl` says; its state holds `domains`, `accounts` and `requests`.
 * - `POST /-/domains`, `POST /-/accounts` → 201; made by somebody else
 * - `PATCH /-/accounts` with `{ email, … }` → 201; changed by hand, or by mail that came
 * - `POST /-/tasks` → 204; does what waits in the background
 */
export function controlOf(fake: Controls) {
  return createControl(fake, {
    refusals,
    state: () => ({ domains: fake.domains(), accounts: fake.accounts(), requests: fake.requests() }),
    controls: {
      'POST /-/tasks': act(() => fake.runTasks()),
      'POST /-/domains': accept(NewDomain, refusals, (domain) => fake.addDomain(domain)),
      'POST /-/accounts': accept(NewAccount, refusals, (account) => fake.addAccount(account)),
      'PATCH /-/accounts': accept(AccountChange, refusals, ({ email, ...change }) => {
        if (!fake.accounts().some((account) => account.email === email))
          throw new TypeError(`There is no account ${email}.`)
        fake.changeAccount(email, change)
      }),
    },
  })
}
