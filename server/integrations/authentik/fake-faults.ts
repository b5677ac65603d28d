import { z } from 'zod'

/** The operations of Authentik's schema that the fake performs. */
export const operationIds = [
  'core_groups_list',
  'core_groups_create',
  'core_groups_retrieve',
  'core_groups_partial_update',
  'core_groups_destroy',
  'core_groups_add_user_create',
  'core_groups_remove_user_create',
  'core_users_list',
  'core_users_create',
  'core_users_retrieve',
  'core_users_partial_update',
  'core_users_recovery_create',
] as const
export type OperationId = (typeof operationIds)[number]
/** Those that are about groups alone. */
export type GroupOperationId = Exclude<
  OperationId,
  `core_users_${string}` | `core_groups_${string}_user_create`
>

const aim = {
  /** The one operation that it befalls; any, if absent. */
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
 * - `answer`: this in place of Authentik's own answer; a `body` that is a text is sent as it is, else as JSON
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

/** @returns the faults, and a function that takes off what befalls a call of an operation */
export function createFaults(): Faults & { take(operation: OperationId): Fate } {
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
    take(operation) {
      const fate: Fate = { delayMs: 0, fault: undefined }
      for (const fault of waiting.filter((it) => it.operation === undefined || it.operation === operation)) {
        if (fault.kind === 'delay') fate.delayMs += fault.ms
        else if (fate.fault) continue
        else fate.fault = fault
        spend(fault)
      }
      return fate
    },
  }
}
