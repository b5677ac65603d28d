import type { Container } from '#server/container'
import { defineCommand } from '../command'
import { withProgress } from '../world'
import { aboutOperators, withContainer } from './container'

export const command = defineCommand({
  args: {},
  about:
    'Verifies every entry of the audit by its hash, and what was stated of it outside. Ends with 1 where anything was\n' +
    `changed, removed or inserted.\n\n${aboutOperators}`,
  examples: ['tenantry audit verify', 'tenantry audit verify --json | jq .findings'],
  async run(world) {
    const { entries, exports, found, findings } = await withContainer(world, ({ audit }) =>
      withProgress(world, (show) => verifyAll(audit, show)),
    )
    const lines = findings.map(({ kind, chain, sequence, until, id }) =>
      [
        `  ${kind}:`,
        chain === null ? `statement ${sequence}` : `chain ${chain}, entry ${sequence}`,
        ...(until === undefined ? [] : [`to ${until}`]),
        ...(id === undefined ? [] : [`(${id})`]),
      ].join(' '),
    )
    const seen = `${entries} entries and ${exports} statements were verified.`
    return {
      data: { entries, exports, found, findings },
      text: found === 0 ? `${seen} All are whole.` : [`${seen} Found: ${found}.`, ...lines].join('\n'),
      ...(found > 0 && { exitCode: 1 as const }),
    }
  },
})

async function verifyAll(audit: Container['audit'], show: (text: string) => void) {
  const sum = await audit.verify()
  const findings = [...sum.findings]
  while (sum.next) {
    show(`${sum.entries} entries …`)
    const part = await audit.verify(sum.next)
    sum.entries += part.entries
    sum.exports += part.exports
    sum.found += part.found
    sum.next = part.next
    findings.push(...part.findings)
  }
  return { ...sum, findings }
}
