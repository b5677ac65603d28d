import { expect } from 'vitest'
import type { Mailbox } from './mailbox'

/** A password that somebody who was invited chooses. */
export const strongPassword = 'seven purple hippos dance'

/** The token in the one link of a text; empty where there is none. */
export function tokenOf(text: string): string {
  return /https?:\/\/[\w.:]+\/invitation#([A-Za-z0-9_-]{43})(?![\w-])/.exec(text)?.[1] ?? ''
}

/** The token of the newest mail to an address. @param after how many mails it had before */
export async function mailedToken(mailbox: Mailbox, email: string, after = 0): Promise<string> {
  await expect
    .poll(() => mailbox.mails().filter(({ to }) => to.includes(email)).length)
    .toBeGreaterThan(after)
  return tokenOf((await mailbox.newestTo(email)).text)
}
