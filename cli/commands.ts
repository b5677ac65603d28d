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
      keyring: {
        summary: "For operators: the master key in the operating system's keyring.",
        commands: {
          put: {
            summary: "For operators: puts the master key into the operating system's keyring.",
            load: () => import('./operator/put-keyring'),
          },
          show: {
            summary: "For operators: says whether the operating system's keyring has the master key.",
            load: () => import('./operator/show-keyring'),
          },
          remove: {
            summary: "For operators: removes the master key from the operating system's keyring.",
            load: () => import('./operator/remove-keyring'),
          },
        },
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
