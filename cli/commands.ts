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
    },
  },
  whoami: {
    summary: 'Who calls, for whom it acts, and what it reaches.',
    load: () => import('./identity/whoami'),
  },
  vault: {
    summary: "A tenant's secrets.",
    commands: {
      list: { summary: 'Lists secrets, without their values.', load: () => import('./vault/list') },
      get: { summary: 'Prints the value of a secret.', load: () => import('./vault/get') },
      put: { summary: 'Writes the value of a secret.', load: () => import('./vault/put') },
    },
  },
}
