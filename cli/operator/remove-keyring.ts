import { defineCommand } from '../command'
import { exitCodes } from '../exit-codes'
import { Failure, misuse } from '../failure'
import { aboutEntries, asked, keyringOf } from './keyring'

export const command = defineCommand({
  args: { yes: { type: 'boolean', description: 'It is meant.' } },
  about: `Without another copy of the key, what is sealed with it is lost.\n\n${aboutEntries}`,
  examples: ['tenantry vault keyring remove --yes'],
  async run(world, { yes }) {
    if (!yes) throw misuse('Without another copy of the key, what is sealed with it is lost. Say --yes.')
    const { keyring } = keyringOf(world)
    const { entry } = keyring
    if (!(await asked(keyring.remove())))
      throw new Failure(exitCodes.notFound, 'keyring.no_entry', `The keyring has no entry “${entry}”.`)
    return { data: { entry }, text: `The entry “${entry}” is gone.` }
  },
})
