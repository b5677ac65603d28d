import { randomInt } from 'node:crypto'
import { readSecret, secretArgs } from '../secret-input'
import type { World } from '../world'

/** Arguments of commands that set somebody's password. */
export const passwordArgs = {
  generate: { type: 'boolean', description: 'Make one, and print it once.' },
  ...secretArgs,
} as const

/** Without what looks alike. */
const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const groups = 5
const groupLength = 5

interface PasswordSource {
  generate?: boolean | undefined
  file?: string | undefined
  trim?: boolean | undefined
}

/**
 * A password for somebody: a new one of 145 bits, or one that is typed or read.
 *
 * @returns `generated`: to be shown to the operator
 */
export async function takePassword(
  world: World,
  { generate, file, trim }: PasswordSource,
  email: string,
): Promise<{ password: string; generated?: string }> {
  if (generate) {
    const group = () => Array.from({ length: groupLength }, () => letters[randomInt(letters.length)]).join('')
    const generated = Array.from({ length: groups }, group).join('-')
    return { password: generated, generated }
  }
  const prompts = { prompt: `New password for ${email}: `, promptAgain: 'The same again: ' }
  return { password: await readSecret(world, { file, trim, ...prompts }) }
}
