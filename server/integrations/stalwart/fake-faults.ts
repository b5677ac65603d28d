import { z } from 'zod'

/** What the fake performs: over JMAP the methods, of 0.15 its paths. */
export const operationIds = [
  'session',
  'x:Domain/query',
  'x:Domain/get',
  'x:Domain/set',
  'x:Account/query',
  'x:Account/get',
  'x:Account/set',
  'x:DkimSignature/query',
  'x:DkimSignature/get',
  'x:DkimSignature/set',
  'principal/list',
  'principal/create',
  'principal/get',
  'principal/update',
  'principal/delete',
  'dkim/create',
  'dns/records',
  'settings/update',
  'reload',
] as const
export type OperationId = (typeof operationIds)[number]

const aim = {
  /** The one operation that it befalls; any, if absent. A request of several methods is hit by any of them. */
  operation: z.enum(operationIds).optional(),
  /** How many calls it befalls. */
  times: z.union([z.int().positive(), z.literal('always')]).default(1),
}
/** `before` the call is applied, `after` it was, or `midway` through sending the true answer. */
const moments = z.enum(['before', 'after', 'midway'])
const when = moments.default('before')

/**
 * Something that goes wrong, or slowly, at coming calls.
 * - `delay`: the call waits so long, and then meets the next fault that is aimed at it
 * - `answer`: this in place of Stalwart's own answer; a `body` that is a text is sent as it is, else as JSON
 * - `drop`: the connection is cut
 * - `hang`: silence, until the caller gives up
 */
export const Fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('delay'), ms: z.int().min(0), ...aim }),
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
    when: moments.exclude(['midway']).default('before'),
    ...aim,
  }),
  z.strictObject({ kind: z.literal('drop'), when, ...aim }),
  z.strictObject({ kind: z.literal('hang'), when, ...aim }),
])
export type Fault = z.output<typeof Fault>

/** What waits to befall coming calls, in the order in which it was added. */
export interface Faults {
  /** @throws z.ZodError if it is not a `Fault` */
  add(...faults: z.input<typeof Fault>[]): void
  list(): Fault[]
  clear(): void
}

/** What befalls one call. */
export interface Fate {
  delayMs: number
  fault: Exclude<Fault, { kind: 'delay' }> | undefined
}

/** @returns the faults, and a function that takes off what befalls a call of operations */
export function createFaults(): Faults & { take(operations: readonly OperationId[]): Fate } {
  let waiting: Fault[] = []

  function spend(fault: Fault): void {
    if (fault.times === 'always') return
    fault.times -= 1
    if (fault.times === 0) waiting = waiting.filter((other) => other !== fault)
  }

  return {
    add: (...faults) => void waiting.push(...faults.map((fault) => Fault.parse(fault))),
    list: () => structuredClone(waiting),
    clear: () => void (waiting = []),
    take(operations) {
      const fate: Fate = { delayMs: 0, fault: undefined }
      const aimed = waiting.filter((it) => it.operation === undefined || operations.includes(it.operation))
      for (const fault of aimed) {
        if (fault.kind === 'delay') fate.delayMs += fault.ms
        else if (fate.fault) continue
        else fate.fault = fault
        spend(fault)
      }
      return fate
    },
  }
}
