import type { OpenKeyring } from '#server/container/master-secret'
import { KeyringError } from '#server/vault/keys/os-keyring'

/** A keyring in memory, for code that runs in the test's own process. */
export interface MemoryKeyring {
  /** Where it has to be asked for: in `createContainer`, and in a command's world. */
  readonly open: OpenKeyring
  readonly entries: Map<string, string>
  /** What becomes of whoever asks. */
  state: 'unlocked' | 'locked' | 'absent'
  /** How often it was asked. */
  asked: number
}

export function createMemoryKeyring(
  entries: Record<string, string> = {},
  state: MemoryKeyring['state'] = 'unlocked',
): MemoryKeyring {
  const keyring: MemoryKeyring = {
    entries: new Map(Object.entries(entries)),
    state,
    asked: 0,
    open({ entry }) {
      const look = () => {
        keyring.asked += 1
        if (keyring.state === 'locked') throw new KeyringError(entry, 'the prompt was dismissed')
        return keyring.state !== 'absent'
      }
      return {
        entry,
        async read() {
          if (!look()) return { state: 'no keyring' }
          const text = keyring.entries.get(entry)
          return text === undefined ? { state: 'no entry' } : { state: 'found', text }
        },
        async write(text) {
          if (!look()) throw new KeyringError(entry, 'there is none')
          keyring.entries.set(entry, text)
        },
        remove: async () => look() && keyring.entries.delete(entry),
      }
    },
  }
  return keyring
}
