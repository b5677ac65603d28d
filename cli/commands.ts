import type { Entry } from './command'

/** Every command. Each is loaded by itself, when it is asked for. */
export const commands: Readonly<Record<string, Entry>> = {
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
