import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../docs/performance.md')
const begin = '<!-- Measured by `npm run bench`: what stands from here is written anew by each run. -->'
const end = '<!-- Up to here; what follows is written by hand. -->'

/**
 * Puts what was measured into docs/performance.md, between its two marks; all else stays.
 *
 * @throws Error where the marks are not there
 */
export function writeReport(measured: string): void {
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error('docs/performance.md has lost the marks of what is measured.')
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n\n${measured}\n\n${text.slice(to)}`)
}
