import { replacePassword } from '#server/auth/passwords/replace-password'
import { newId } from '#server/lib/ids'
import { Email } from '#shared/contracts/common'
import { NewPassword } from '#shared/contracts/users'
import { defineCommand } from '../command'
import { misuse } from '../failure'
import { aboutOperators, withContainer } from './container'
import { passwordArgs, takePassword } from './password'

export const command = defineCommand({
  args: {
    email: { type: 'positional', required: true, description: 'Their e-mail address.' },
    ...passwordArgs,
  },
  about:
    'For who is locked out. Every session of theirs ends, and it is written into the audit. A second factor is asked for\n' +
    `as ever.\n\n${aboutOperators}`,
  examples: [
    'tenantry user reset-password olga@example.org',
    'docker exec tenantry tenantry user reset-password olga@example.org --generate',
  ],
  async run(world, args) {
    const email = Email.safeParse(args.email)
    if (!email.success) throw misuse(`${args.email} is no e-mail address.`)
    const { password, generated } = await takePassword(world, args, email.data)
    const chosen = NewPassword.safeParse(password)
    if (!chosen.success) throw misuse(chosen.error.issues.map(({ message }) => message).join(' '))
    const { sessionsEnded } = await withContainer(world, ({ scopes, localPasswords, attempts }) =>
      replacePassword(
        scopes.platform(newId()),
        { passwords: localPasswords, attempts },
        { email: email.data, password },
      ),
    )
    const done = `${email.data} has another password. Sessions that ended: ${sessionsEnded}.`
    return {
      data: { email: email.data, sessionsEnded, ...(generated !== undefined && { password: generated }) },
      text: generated === undefined ? done : `${done}\nTheir password: ${generated}`,
    }
  },
})
