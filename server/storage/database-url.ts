import type { Provider } from './database.port'

/**
 * The database that a URL's scheme names.
 *
 * @param url DATABASE_URL
 * @throws Error in words for an operator, naming the variable and its remedy, where it names none
 */
export function providerOf(url: string): Provider {
  if (url.startsWith('file:')) return 'sqlite'
  if (/^postgres(ql)?:\/\//.test(url)) return 'postgresql'
  throw new Error('DATABASE_URL must start with file: or postgresql://')
}
