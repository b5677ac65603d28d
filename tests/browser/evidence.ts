import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** A browser's page with what tells why a test of it failed. */
interface Witness {
  page: Page
  complaints: readonly string[]
  /** Of the server behind it. */
  logs(): string[]
}

const folder = join(import.meta.dirname, '..', '.artifacts', 'failed')
const lastLines = 15
const witnesses = new Set<Witness>()

/** Has a page looked at where a test fails while it is open. */
export function witness(it: Witness): void {
  witnesses.add(it)
  it.page.once('close', () => witnesses.delete(it))
}

/** What all open pages show, as a picture of each in tests/.artifacts/failed, and as text. */
export async function gatherEvidence(test: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const name = test.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const shown = [...witnesses].map(async ({ page, complaints, logs }, index) => {
    const text = await page.locator('body').innerText({ timeout: 5_000 })
    await page.screenshot({ path: join(folder, `${name}-${index + 1}.png`), timeout: 10_000 })
    const warnings = logs().filter((line) => /"level":(40|50|60)/.test(line))
    return [`At ${page.url()}:`, text, ...complaints, ...warnings.slice(-lastLines)].join('\n')
  })
  const settled = await Promise.allSettled(shown)
  return settled
    .map((it) => (it.status === 'fulfilled' ? it.value : `A page could not be looked at: ${it.reason}`))
    .join('\n\n')
}
