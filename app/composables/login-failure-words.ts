interface LoginFailureWords {
  title: string
  description: string
  /** What the button says that begins again. */
  again: string
  /** Waiting helps. */
  isOutage: boolean
  /** It was no login: a signed-in person linked an identity. */
  isLink: boolean
}

const startAgain = { again: 'Start again', isOutage: false, isLink: false }
const outage = { again: 'Try again', isOutage: true, isLink: false }
const link = { again: 'Back to your account', isOutage: false, isLink: true }

const words: Record<string, LoginFailureWords> = {
  'auth.provider_unavailable': {
    title: 'The sign-in service can’t be reached',
    description: 'It comes back by itself. Whoever is signed in already stays so.',
    ...outage,
  },
  'auth.login_unknown': {
    title: 'This sign-in is over',
    description:
      'It was used already, took too long, or was begun in another browser. That happens with the back button, too.',
    ...startAgain,
  },
  'auth.login_denied': {
    title: 'You were not signed in',
    description: 'The sign-in was cancelled or refused at the sign-in service.',
    ...startAgain,
  },
  'auth.email_taken': {
    title: 'There is an account with your e-mail address already',
    description:
      'It is not linked to this sign-in. Sign in to that account the way you used to, and link this one under Account, Sign-in methods. If you can’t, ask whoever runs the portal.',
    ...startAgain,
  },
  'auth.login_not_fresh': {
    title: 'Please confirm that it is you',
    description: 'The sign-in service did not ask you again, so that we can’t be sure.',
    ...startAgain,
  },
  'auth.login_other_person': {
    title: 'That was somebody else',
    description:
      'To confirm that it is you, sign in as the person who is signed in here. To work as somebody else, sign out first.',
    ...startAgain,
  },
  'auth.identity_taken': {
    title: 'This sign-in belongs to another account',
    description: 'It can be linked to one account alone. Remove it there first.',
    ...link,
  },
  'auth.link_session_changed': {
    title: 'Somebody else is signed in by now',
    description: 'To link a sign-in, begin and end in the same browser, and stay signed in meanwhile.',
    ...link,
  },
  'rate.limited': {
    title: 'Too many attempts',
    description: 'Wait a quarter of an hour, then try again.',
    ...startAgain,
  },
}

/** What a person is told who was not let in, by the error's code as the address names it. */
export function loginFailureWords(code: unknown): LoginFailureWords {
  const known = typeof code === 'string' && Object.hasOwn(words, code) ? words[code] : undefined
  return (
    known ?? {
      title: 'That sign-in didn’t work',
      description:
        'What the sign-in service answered could not be trusted. If it happens again, tell whoever runs the portal.',
      ...startAgain,
    }
  )
}

/** Where a login at the OpenID provider begins. */
export function startLoginPath(returnTo: string): string {
  return `/api/auth/oidc/start?${new URLSearchParams({ returnTo })}`
}
