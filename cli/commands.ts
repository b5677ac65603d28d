import type { Commands } from './command'
import { machineCommands } from './machine-commands'

/** Every command: those of machines, and those that work on the server's own database. */
export const commands: Commands = {
  ...machineCommands,
  vault: {
    ...machineCommands.vault,
    commands: {
      ...machineCommands.vault.commands,
      check: {
        summary: "For operators: opens every tenant's secrets and says which are broken.",
        load: () => import('./operator/check-vaults'),
      },
      rotate: {
        summary: 'For operators: puts another master key in the place of the one in use.',
        load: () => import('./operator/rotate-vault'),
      },
    },
  },
  user: {
    summary: "For operators: the portal's users.",
    commands: {
      create: { summary: 'Makes a user.', load: () => import('./operator/create-user') },
      'reset-password': {
        summary: 'Gives somebody who is locked out another password.',
        load: () => import('./operator/reset-password'),
      },
    },
  },
  audit: {
    summary: 'For operators: the audit.',
    commands: {
      verify: {
        summary: 'Finds entries that were changed, removed or inserted.',
        load: () => import('./operator/verify-audit'),
      },
    },
  },
  migrate: {
    summary: 'For operators: brings the database to the schema of this version.',
    load: () => import('./operator/migrate'),
  },
}
