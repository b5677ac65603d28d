import { operationIds, type OperationId } from './fake-faults.ts'
import type { SchemaFault } from './fake-schema.ts'

/** Counts calls, and keeps what did not fit the published schema. */
export function createCallLog() {
  const none = () => Object.fromEntries(operationIds.map((id) => [id, 0])) as Record<OperationId, number>
  let calls = none()
  let violations: string[] = []
  let underWay = 0
  let peak = 0
  return {
    begin(id: OperationId) {
      calls[id] += 1
      underWay += 1
      peak = Math.max(peak, underWay)
    },
    end: () => void (underWay -= 1),
    violate(where: string, faults: SchemaFault[]) {
      violations.push(
        ...faults.map(({ field, message }) => `${where}: ${field ? `${field}: ` : ''}${message}`),
      )
    },
    calls: () => ({ ...calls }),
    peak: () => peak,
    violations: () => [...violations],
    clear() {
      calls = none()
      violations = []
      peak = underWay
    },
  }
}
