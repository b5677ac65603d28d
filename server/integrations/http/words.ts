/** How much of an upstream's own words is repeated, in characters. */
const wordsLimit = 300
const struck = '[redacted]'

/**
 * An upstream's words made fit for an error: one line, no markup or control characters, not endless, and none of what
 * opens a door: our own secrets, keys, tokens, and all of a link but its origin.
 *
 * @param secrets our own, in whatever form they come back
 */
export function plainWords(words: string, secrets: readonly string[]): string {
  const harmless = withoutKeys(withoutSecrets(words, secrets)).replace(/<[^>]*>/g, ' ')
  // What markup or control characters kept apart may have become a secret without them.
  return oneLine(withoutSecrets(oneLine(harmless, Infinity), secrets), wordsLimit)
}

/** @returns the text with everything that is no printed character as a space, cut where it is too long */
export function oneLine(text: string, limit: number): string {
  const clean = text.replace(/[\p{C}\s]+/gu, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit).toWellFormed()}…` : clean
}

/** Strikes our own secrets out, the longest first: one may hold another. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap(formsOf)
    .sort((one, other) => other.length - one.length)
    .reduce((rest, form) => rest.replaceAll(form, struck), text)
}

/** A secret as it is, in a URL and in JSON. */
function formsOf(secret: string): string[] {
  const forms = [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)]
  return [...new Set(forms)].filter((form) => form !== '')
}

/** Strikes out what looks like a key, whoever's it is: a service may repeat what it was sent, or what it holds. */
function withoutKeys(text: string): string {
  return text
    .replace(/-----BEGIN [\s\S]*?(?:-----END [A-Z0-9 ]*-----|$)/g, struck)
    .replace(/\b(https?:\/\/)(?:[^\s/?#@"'<>]*@)?([^\s/?#"'<>]+)[/?#][^\s"'<>]*/gi, '$1$2/…')
    .replace(/\b(Bearer|Basic)\s+(?!\[redacted\])[\w.~+/=-]{8,}/gi, `$1 ${struck}`)
    .replace(/[\w+/=.-]{32,}/g, (run) => (isKey(run) ? struck : run))
}

/** Unlike ids, which are of lower case, and words, which have no digits. */
const isKey = (run: string) => /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run)
