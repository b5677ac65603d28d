/**
 * Where somebody without a session goes: told what became of theirs where they had one, and back to where they were
 * after signing in.
 *
 * @param code of the API's answer 401
 * @param from path of the page that they wanted
 */
export function wayIn(code: string, from: string): string {
  if (code === 'auth.user_disabled') return '/auth/disabled'
  const page = code === 'auth.session_ended' ? '/auth/expired' : '/login'
  return from === '/' ? page : `${page}?${new URLSearchParams({ returnTo: from })}`
}
