import { parseMasterKey } from '#server/config/master-secret'
import { defineCommand } from '../command'
import { aboutEntries, asked, keyringOf, shadowedBy } from './keyring'

export const command = defineCommand({
  args: {},
  about: `Shows nothing of the key. Ends with 1 where there is an entry, and it is no master key.\n\n${aboutEntries}`,
  examples: ['tenantry vault keyring show', 'tenantry vault keyring show --json | jq .present'],
  async run(world) {
    const { config, keyring } = keyringOf(world)
    const found = await asked(keyring.read())
    const present = found.state === 'found'
    const isKey = present && parseMasterKey(found.text) !== undefined
    const words = {
      found: isKey
        ? `The keyring has the master key, as “${keyring.entry}”.`
        : `The keyring has an entry “${keyring.entry}”, and it is no master key.`,
      'no entry': `The keyring has no entry “${keyring.entry}”.`,
      'no keyring': 'There is no keyring here.',
    }
    return {
      data: {
        keyring: found.state !== 'no keyring',
        entry: keyring.entry,
        present,
        valid: present ? isKey : null,
        shadowedBy: config.masterSecretFrom ?? null,
      },
      text: [words[found.state], ...shadowedBy(config)].join('\n'),
      ...(present && !isKey && { exitCode: 1 as const }),
    }
  },
})
