import { replacePassword } from '#server/auth/passwords/replace-password'
import type { Container } from '#server/container'
import { accountMailOf } from '#server/http/account-mail'
import type { Errands } from '#server/lib/errands'
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
    'For who is locked out. Every session of theirs ends, they are told by mail where the portal sends any, and it is\n' +
    `written into the audit. A second factor is asked for as ever.\n\n${aboutOperators}`,
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
    const { sessionsEnded, toldByMail } = await withContainer(world, (container) =>
      replace(container, { email: email.data, password }),
    )
    const done = [
      `${email.data} has another password. Sessions that ended: ${sessionsEnded}.`,
      toldByMail ? 'They were told by mail.' : 'No mail went out: tell them.',
      ...(generated === undefined ? [] : [`Their password: ${generated}`]),
    ]
    return {
      data: {
        ...{ email: email.data, sessionsEnded, toldByMail },
        ...(generated !== undefined && { password: generated }),
      },
      text: done.join('\n'),
    }
  },
})

async function replace(container: Container, chosen: { email: string; password: string }) {
  const { scopes, localPasswords, attempts, errands } = container
  const mail = await accountMailOf(container)
  let toldByMail = false
  // An errand, as ever; here somebody wants to know what came of it.
  const run: Errands['run'] = (what, send) =>
    errands.run(what, async () => {
      await send()
      toldByMail = true
    })
  const watched = mail && { ...mail, errands: { ...errands, run } }
  const means = { passwords: localPasswords, attempts }
  const { sessionsEnded } = await replacePassword(scopes.platform(newId()), means, watched, chosen)
  await errands.settled()
  return { sessionsEnded, toldByMail }
}
