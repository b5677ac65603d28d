import type { UpdateUser } from '#shared/contracts/users'
import type { Question } from './use-confirm'

/** What is asked before a user gets or loses what matters; nothing for what harms nobody. */
export function userChangeQuestion(name: string, changes: UpdateUser): Question | undefined {
  if (changes.status === 'disabled')
    return {
      title: `Disable ${name}?`,
      description: 'They are signed out everywhere and can’t sign in until they are enabled again.',
      action: 'Disable user',
    }
  if (changes.platformRole === 'operator')
    return {
      title: `Make ${name} an operator?`,
      description: 'Operators see and manage every tenant, every user and the settings of the portal.',
      action: 'Make operator',
    }
  return undefined
}

/** What is asked before a user is deleted. */
export const userRemovalQuestion = (name: string): Question => ({
  title: `Delete ${name}?`,
  description:
    'They leave every tenant, and their name, address and ways to sign in are erased. This can’t be undone. To keep somebody out whom an identity provider still lets in, disable them instead.',
  action: 'Delete user',
})

/** What is asked before all sessions of a user are ended. */
export const endSessionsQuestion = (name: string): Question => ({
  title: `End all sessions of ${name}?`,
  description: 'Every browser of theirs has to sign in again.',
  action: 'End them',
})

/** What is asked before the second factors of a user are removed. */
export const secondFactorResetQuestion = (name: string): Question => ({
  title: `Reset two-step sign-in of ${name}?`,
  description:
    'Make sure that it is really them who ask. Their app, passkeys and recovery codes stop counting, and they are signed out everywhere. Until they set up a new one, their password alone lets them in.',
  action: 'Reset two-step sign-in',
})
