/** What of a request or an answer does not fit the published schema: of one field, `''` for the whole. */
export interface SchemaFault {
  field: string
  message: string
}

/** Counts calls, and keeps what did not fit the published schema. */
export function createCallLog<Id extends string>(operationIds: readonly Id[]) {
  const none = () => Object.fromEntries(operationIds.map((id) => [id, 0])) as Record<Id, number>
  let calls = none()
  let requests = 0
  let violations: string[] = []
  let underWay = 0
  let peak = 0
  return {
    begin(...ids: readonly Id[]) {
      for (const id of ids) calls[id] += 1
      requests += 1
      underWay += 1
      peak = Math.max(peak, underWay)
    },
    end: () => void (underWay -= 1),
    violate(where: string, what: string | readonly SchemaFault[]) {
      const faults = typeof what === 'string' ? [{ field: '', message: what }] : what
      violations.push(
        ...faults.map(({ field, message }) => `${where}: ${field ? `${field}: ` : ''}${message}`),
      )
    },
    calls: () => ({ ...calls }),
    requests: () => requests,
    peak: () => peak,
    violations: () => [...violations],
    clear() {
      calls = none()
      requests = 0
      violations = []
      peak = underWay
    },
  }
}
