import { expect } from 'vitest'
import type { Visit } from './portal'

/** Notes whatever the policy of a page refuses, in every page that is opened from now on. */
export async function noteViolations({ context }: Visit): Promise<readonly string[]> {
  const violations: string[] = []
  await context.exposeFunction('noteViolation', (words: string) => violations.push(words))
  await context.addInitScript(() => {
    const { noteViolation } = window as unknown as { noteViolation(words: string): void }
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
      noteViolation(`${location.pathname}: ${violatedDirective} ${blockedURI} ${sourceFile}`),
    )
  })
  return violations
}

/** No page asked for what its policy refuses. A policy that the browser does not understand is told on its console. */
export function expectNoViolation({ complaints }: Visit, violations: readonly string[]): void {
  const told = complaints.filter((words) => /policy|directive|refused/i.test(words))
  expect({ violations, told }).toEqual({ violations: [], told: [] })
}
