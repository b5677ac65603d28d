/**
 * In place of consola for nuxt-oidc-auth, which would write plain text to stdout: what it says goes to the console,
 * which is the log in the built server. Its remarks on every login are left out.
 */
export function createConsola() {
  const say =
    (level: 'warn' | 'error') =>
    (...words: unknown[]) =>
      console[level]('[nuxt-oidc-auth]', ...words)
  const log = { error: say('error'), warn: say('warn'), info: () => undefined }
  return { ...log, withDefaults: () => log }
}
