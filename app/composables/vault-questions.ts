import type { Question } from './use-confirm'

/** What is asked before a vault is removed. */
export const vaultRemovalQuestion = (handle: string): Question => ({
  title: `Remove the vault ${handle}?`,
  description: 'It has to be empty. Its key goes with it, and whoever had it as their default gets another.',
  action: 'Remove vault',
  typeToConfirm: handle,
})

/** What is asked before a vault is closed to a member or a service. */
export const vaultClosingQuestion = (name: string): Question => ({
  title: `Close the vault to ${name}?`,
  description: 'They lose it at once, and what acts for them too. It can be opened to them again.',
  action: 'Close vault',
})

/** What is asked before a lease is taken back. */
export const leaseRevocationQuestion = (askedBy: string): Question => ({
  title: `Revoke the lease of ${askedBy}?`,
  description: 'It can read the secret no more. What it has read already, it may still know.',
  action: 'Revoke lease',
})
