import type { Commands } from './command'

/** What a machine or a script does over the API. Each command is loaded by itself, when it is asked for. */
export const machineCommands = {
  identity: {
    summary: 'The identity of this machine.',
    commands: {
      init: {
        summary: 'Makes a key for this machine and asks that somebody accepts it.',
        load: () => import('./identity/init'),
      },
      rotate: { summary: 'Gives this machine another key.', load: () => import('./identity/rotate') },
      revoke: { summary: 'Gives the identity of this machine up.', load: () => import('./identity/revoke') },
    },
  },
  whoami: {
    summary: 'Who calls, for whom it acts, and what it reaches.',
    load: () => import('./identity/whoami'),
  },
  vault: {
    summary: "Tenants' secrets.",
    commands: {
      list: { summary: 'Lists secrets, without their values.', load: () => import('./vault/list') },
      get: { summary: 'Prints the value of a secret.', load: () => import('./vault/get') },
      put: { summary: 'Writes the value of a secret.', load: () => import('./vault/put') },
      delete: { summary: 'Deletes a secret, with all its versions.', load: () => import('./vault/delete') },
      versions: {
        summary: 'Lists the versions of a secret that are kept.',
        load: () => import('./vault/versions'),
      },
      restore: {
        summary: 'Brings a former version of a secret back.',
        load: () => import('./vault/restore'),
      },
    },
  },
  lease: {
    summary: 'Secrets that are lent for a time.',
    commands: {
      ask: {
        summary: 'Asks for a secret, or a token of a service, for a time.',
        load: () => import('./lease/ask'),
      },
      get: { summary: 'Prints what a lease lets read.', load: () => import('./lease/get') },
      list: { summary: 'Lists leases of a vault.', load: () => import('./lease/list') },
      renew: { summary: 'Lets a lease last longer.', load: () => import('./lease/renew') },
      end: { summary: 'Gives a lease back.', load: () => import('./lease/end') },
    },
  },
} as const satisfies Commands
