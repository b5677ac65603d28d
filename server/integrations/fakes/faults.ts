import { z } from 'zod'

const aim = {
  /** The one operation that it befalls; any, if absent. A request of several is hit by any of them. */
  operation: z.string().optional(),
  /** How many calls it befalls. */
  times: z.union([z.int().positive(), z.literal('always')]).default(1),
}
/** `before` the call is applied, `after` it was, or `midway` through sending the true answer. */
const moments = z.enum(['before', 'after', 'midway'])
const when = moments.default('before')

const AnyFault = z.discriminatedUnion('kind', [
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

type Aimed<Any, Id> = Any extends unknown ? Omit<Any, 'operation'> & { operation?: Id | undefined } : never

/**
 * Something that goes wrong, or slowly, at coming calls.
 * - `delay`: the call waits so long, and then meets the next fault that is aimed at it
 * - `answer`: this in place of the service's own answer; a `body` that is a text is sent as it is, else as JSON
 * - `drop`: the connection is cut
 * - `hang`: silence, until the caller gives up
 */
export type Fault<Id extends string = string> = Aimed<z.output<typeof AnyFault>, Id>
/** As a test writes it. */
export type FaultInput<Id extends string = string> = Aimed<z.input<typeof AnyFault>, Id>

/** The schema of faults that can befall these operations. */
export function faultSchema<Id extends string>(operationIds: readonly Id[]) {
  const isKnown = ({ operation }: { operation?: string | undefined }) =>
    operation === undefined || operationIds.some((id) => id === operation)
  const schema = AnyFault.refine(isKnown, { path: ['operation'], error: 'There is no such operation.' })
  return schema as unknown as z.ZodType<Fault<Id>, FaultInput<Id>>
}

/** What waits to befall coming calls, in the order in which it was added. */
export interface Faults<Id extends string = string> {
  /** The operations that a fault can be aimed at. */
  readonly operationIds: readonly Id[]
  /** @throws z.ZodError if it is not a `Fault` */
  add(...faults: FaultInput<Id>[]): void
  list(): Fault<Id>[]
  clear(): void
}

/** What befalls one call. */
export interface Fate {
  delayMs: number
  fault: Exclude<Fault, { kind: 'delay' }> | undefined
}

/** @returns the faults, and a function that takes off what befalls a call of operations */
export function createFaults<Id extends string>(
  operationIds: readonly Id[],
): Faults<Id> & { take(operations: readonly Id[]): Fate } {
  const schema = faultSchema(operationIds)
  let waiting: Fault<Id>[] = []

  function spend(fault: Fault<Id>): void {
    if (fault.times === 'always') return
    fault.times -= 1
    if (fault.times === 0) waiting = waiting.filter((other) => other !== fault)
  }

  return {
    operationIds,
    add: (...faults) => void waiting.push(...faults.map((fault) => schema.parse(fault))),
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
