import { lowerAscii } from '#server/lib/ascii'
import type { PlannedChange } from '#server/provisioning/step-planner.port'
import { failed, RefusedError } from './failure'
import type { MemberChange } from './member-plan'
import type { People } from './people'
import { holderOf, roleOf, type Permissions } from './permissions'
import type { Drive, Permission } from './wire'

const kind = 'member'

/** What a change is to have brought about: an account's role, or null for not being in the space. */
type Outcome = { userId: string; name: string; role: string | null }

/** Turns what is to be done into changes that can be made. */
export interface MemberWrites {
  plan(
    changes: readonly MemberChange[],
    means: {
      /** Gives the open space, when the first change is made. */
      spaceOf: (signal: AbortSignal) => Promise<Drive>
      /** Is told who is in it, as it was read after the last change, all of which are there. */
      proved: (space: Drive, present: readonly Permission[]) => void
    },
  ): PlannedChange[]
}

export function createMemberWrites(tools: { people: People; permissions: Permissions }): MemberWrites {
  const { people, permissions } = tools

  /** The one account with an address; it may be of just now. */
  async function accountOf(email: string, signal: AbortSignal): Promise<string> {
    const [account, ...more] = (await people.find([email], signal)).get(email) ?? []
    if (account && more.length === 0) return account.id
    throw failed(
      'conflict',
      `${more.length > 0 ? 'Several accounts have' : 'No account has'} the address ${email}`,
    )
  }

  /** @returns its id; undefined where somebody was quicker, or its address is another */
  async function createAccount(
    email: string,
    name: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const made = await people.create({ email, name }, signal)
      return lowerAscii(made.mail) === email ? made.id : undefined
    } catch (error) {
      if (!(error instanceof RefusedError && error.status === 409)) throw error
      const wasQuicker = (await people.find([email], signal)).has(email)
      if (wasQuicker) return undefined
      throw failed('conflict', `The username ${email} is taken there by an account with another address`)
    }
  }

  /** @param made ids of the accounts that were made for it, by address */
  async function make(
    change: MemberChange,
    space: Drive,
    made: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    switch (change.do) {
      case 'remove': {
        const { permissionId: id, userId, name } = change.holder
        await permissions.remove(space, { id, name }, signal)
        return { userId, name, role: null }
      }
      case 'change': {
        const { email: name } = change.member
        await permissions.change(space, { id: change.holder.permissionId, name }, change.role, signal)
        return { userId: change.holder.userId, name, role: change.role }
      }
      case 'invite': {
        const { email } = change.member
        await permissions.invite(space, { id: change.userId, email }, change.role, signal)
        return { userId: change.userId, name: email, role: change.role }
      }
      case 'create': {
        const { email } = change.member
        const userId = made.get(email) ?? (await accountOf(email, signal))
        await permissions.invite(space, { id: userId, email }, change.role, signal)
        return { userId, name: email, role: change.role }
      }
    }
  }

  /** Reads the space again, and fails where it does not hold what was brought about. */
  async function prove(
    space: Drive,
    outcomes: readonly Outcome[],
    signal: AbortSignal,
  ): Promise<readonly Permission[]> {
    const roles = new Map<string, string>()
    const present = await permissions.list(space, signal)
    for (const permission of present) {
      const holder = holderOf(permission)
      if (holder) roles.set(holder.id, roleOf(permission))
    }
    const wrong = outcomes.find(({ userId, role }) => (roles.get(userId) ?? null) !== role)
    if (!wrong) return present
    const now = roles.get(wrong.userId)
    throw failed(
      'contract',
      `OCIS said that it did, and yet ${wrong.name} is ${now ?? 'not'} in the space ${space.name}`,
    )
  }

  return {
    plan(changes, { spaceOf, proved }) {
      const made = new Map<string, string>()
      const outcomes = new Map<MemberChange, Outcome>()
      const last = changes.at(-1)
      let space: Promise<Drive> | undefined

      const apply = (change: MemberChange) => async (signal: AbortSignal) => {
        space ??= spaceOf(signal).catch((error: unknown) => {
          space = undefined
          throw error
        })
        const drive = await space
        outcomes.set(change, await make(change, drive, made, signal))
        if (change === last) proved(drive, await prove(drive, [...outcomes.values()], signal))
      }

      return changes.flatMap((change): PlannedChange[] => {
        const shown = show(change)
        if (change.do !== 'create') return [{ ...shown, apply: apply(change) }]
        const { email, name } = change.member
        const create = async (signal: AbortSignal) => {
          const id = await createAccount(email, name, signal)
          if (id !== undefined) made.set(email, id)
        }
        return [
          { action: 'create', kind: 'account', name: email, apply: create },
          { ...shown, apply: apply(change) },
        ]
      })
    },
  }
}

function show(change: MemberChange): Omit<PlannedChange, 'apply'> {
  switch (change.do) {
    case 'remove': {
      const { name, role } = change.holder
      const reason = 'No longer a member of the tenant'
      // No deletion, which could have to be approved first: who left is out at once, and nothing is lost.
      return { action: 'update', kind, name, fields: { role: { from: role, to: null } }, reason }
    }
    case 'change': {
      const fields = { role: { from: change.holder.role, to: change.role } }
      return { action: 'update', kind, name: change.member.email, fields }
    }
    case 'invite':
    case 'create':
      return {
        action: 'create',
        kind,
        name: change.member.email,
        fields: { role: { from: null, to: change.role } },
      }
  }
}
