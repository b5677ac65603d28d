import { createUser } from '#server/domain/users/users'
import { newId } from '#server/lib/ids'
import { CreateUser } from '#shared/contracts/users'
import { defineCommand } from '../command'
import { misuse } from '../failure'
import { aboutOperators, withContainer } from './container'
import { passwordArgs, takePassword } from './password'

export const command = defineCommand({
  args: {
    email: { type: 'positional', required: true, description: 'Their e-mail address.' },
    name: { type: 'string', required: true, description: 'Their name, as it is shown.', valueHint: 'NAME' },
    operator: { type: 'boolean', description: 'Make them an operator of the platform.' },
    'without-password': { type: 'boolean', description: 'They sign in by the OpenID provider.' },
    ...passwordArgs,
  },
  about: aboutOperators,
  examples: [
    'tenantry user create olga@example.org --name "Olga Operator" --operator',
    'tenantry user create max@example.org --name Max --generate --json',
  ],
  async run(world, args) {
    const { email, name, operator } = args
    const taken = args['without-password'] ? undefined : await takePassword(world, args, email)
    const parsed = CreateUser.safeParse({
      ...{ email, name, platformRole: operator ? 'operator' : 'user' },
      ...(taken && { password: taken.password }),
    })
    if (!parsed.success) throw misuse(parsed.error.issues.map(({ message }) => message).join(' '))
    const user = await withContainer(world, ({ scopes, localPasswords }) =>
      createUser(scopes.platform(newId()), localPasswords, parsed.data),
    )
    const generated = taken?.generated
    const data = { id: user.id, email: user.email, name: user.name, platformRole: user.platformRole }
    const made = `${user.email} was made, as ${user.platformRole}.`
    return {
      data: { ...data, ...(generated !== undefined && { password: generated }) },
      text: generated === undefined ? made : `${made}\nTheir password: ${generated}`,
    }
  },
})
