/** Somebody whom the provider of development and of tests knows. Whoever knows the name is let in as them. */
export interface ProviderPerson {
  sub: string
  name: string
  email: string
  emailVerified: boolean
  locale: string
  groups: readonly string[]
}

/** A member, an operator, and somebody whom nobody has put into a group. */
export function threePeople(): Record<string, ProviderPerson> {
  const person = (sub: string, name: string, locale: string, groups: string[]): ProviderPerson => ({
    sub,
    name,
    email: `${sub}@example.org`,
    emailVerified: true,
    locale,
    groups,
  })
  return {
    ada: person('ada', 'Ada Lovelace', 'en', ['acme', 'analytical-engine']),
    olga: person('olga', 'Olga Operator', 'de', ['tenantry-operators']),
    max: person('max', 'Max Member', 'fr', []),
  }
}

/** A person's claims, as the provider tells them. */
export function claimsOf({ sub, name, email, emailVerified, locale, groups }: ProviderPerson) {
  return { sub, name, email, email_verified: emailVerified, locale, groups }
}

const page = (title: string, content: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px system-ui;max-width:24rem;margin:15vh auto;padding:0 1rem;text-align:center}
button{font:inherit;display:block;width:100%;margin:.5rem 0;padding:.7rem;cursor:pointer}</style></head>
<body><h1>${title}</h1>${content}</body></html>`

/** The provider's own login: a button for each person, and one for nobody. */
export function loginPage(uid: string, people: Record<string, ProviderPerson>): string {
  const buttons = Object.entries(people).map(
    ([login, { name }]) => `<button name="login" value="${login}">${name}</button>`,
  )
  const cancel = '<button name="cancel" value="yes">Cancel</button>'
  const form = `<form method="post" action="/interaction/${uid}">${buttons.join('')}${cancel}</form>`
  return page('Who are you?', form)
}

/** @param form the hidden form that oidc-provider makes */
export function logoutPage(form: string): string {
  return page(
    'Sign out?',
    `${form}<button form="op.logoutForm" type="submit" name="logout" value="yes">Sign out</button>`,
  )
}
