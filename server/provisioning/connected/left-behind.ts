import type { ServiceName, StepPlanner } from '../step-planner.port'
import type { StepName } from '../steps'

/** What was on record of each step at a place, so many by kind; of a step that was cut off there nobody knows what. */
export type LeftThings = readonly {
  readonly step: string
  readonly kinds: Readonly<Record<string, number>>
}[]

/** A place where the tenant was before, and left something that nobody has seen to. */
export interface FormerPlace {
  readonly id: string
  readonly service: ServiceName
  /** Null: the platform's own. */
  readonly apiUrl: string | null
  readonly things: number
  /** Null: only how much is known, so that it may be of any step. */
  readonly left: LeftThings | null
  readonly leftAt: Date
}

/** So many places are told of one step, and so much of an address: a note is to be read at a glance. */
const mostTold = 2
const addressLimit = 120

const products = { authentik: 'Authentik', stalwart: 'Stalwart', ocis: 'OCIS', mail: 'mail server' } as const

/** One, and several. */
const nouns: Readonly<Record<string, readonly [string, string]>> = {
  group: ['group', 'groups'],
  members: ['list of members', 'lists of members'],
  domain: ['mail domain', 'mail domains'],
  account: ['mailbox', 'mailboxes'],
  space: ['space', 'spaces'],
}

/** Whether something of a step is there. */
export const isLeftOf =
  ({ service, step }: StepName) =>
  (former: FormerPlace): boolean =>
    former.service === service && (!former.left || former.left.some((one) => one.step === step))

/**
 * What a step left at places that nobody looks after, in words.
 *
 * @param former the tenant's, the one that was left last at the end
 * @returns undefined where it left nothing
 */
export function noteOfLeft(step: StepName, former: readonly FormerPlace[]): string | undefined {
  const places = former.filter(isLeftOf(step)).toReversed()
  if (places.length === 0) return undefined
  return `Left behind, and looked after by nobody: ${listed(places, (place) => thingsAt(place, step))}.`
}

/** What was left anywhere, in words; undefined: nothing. */
export function summaryOfLeft(former: readonly FormerPlace[]): string | undefined {
  if (former.length === 0) return undefined
  return listed(former.toReversed(), ({ things, service }) => `${things} of ${products[service]}`)
}

/** The places, the first two by name. */
export const namesOfPlaces = (places: readonly FormerPlace[]): string => listed(places)

/** The same planners; what they left behind is told with whatever else can't be done. */
export function tellingLeft(planners: readonly StepPlanner[], former: readonly FormerPlace[]): StepPlanner[] {
  return planners.map((planner) => {
    const note = noteOfLeft(planner, former)
    if (note === undefined) return planner
    return {
      ...planner,
      async plan(...asked) {
        const plan = await planner.plan(...asked)
        return { ...plan, notes: [note, ...plan.notes] }
      },
    }
  })
}

function listed(places: readonly FormerPlace[], what?: (place: FormerPlace) => string): string {
  const told = places
    .slice(0, mostTold)
    .map((place) => (what ? `${what(place)} at ${nameOf(place)}` : nameOf(place)))
  const more = places.length - told.length
  return more > 0 ? `${told.join(', ')}, and at ${more} more` : told.join(', ')
}

function nameOf({ service, apiUrl }: FormerPlace): string {
  if (apiUrl === null) return `the platform's own ${products[service]}`
  return apiUrl.length > addressLimit ? `${apiUrl.slice(0, addressLimit)}…` : apiUrl
}

function thingsAt({ left, things }: FormerPlace, { step }: StepName): string {
  if (!left) return `${things} ${things === 1 ? 'thing' : 'things'}`
  const kinds = Object.entries(left.find((one) => one.step === step)?.kinds ?? {})
  if (kinds.length === 0) return 'what a run was at'
  return kinds.map(([kind, count]) => `${count} ${nouns[kind]?.[count === 1 ? 0 : 1] ?? kind}`).join(' and ')
}
