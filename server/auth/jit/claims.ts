import { DisplayName, Email } from '#shared/contracts/common'
import { Locale } from '#shared/contracts/users'
import { jitError } from './jit.errors'

/** What an OpenID provider says of a person, read with care: bounded, of the right type, fit to be stored and shown. */
export interface PersonClaims {
  issuer: string
  /** With the issuer it is the identity (OpenID Connect Core 1.0 section 5.7); case counts. */
  subject: string
  /** In lower case. */
  email: string | null
  /** Whether the provider says that the address is this person's. */
  emailVerified: boolean
  name: string | null
  /** An https address. */
  picture: string | null
  locale: string | null
  /** null: the token says nothing of groups */
  groups: readonly string[] | null
}

export interface ClaimOptions {
  /** Whom the token was verified to come from. */
  issuer: string
  /** The claim that lists groups, by its whole name. */
  groupsClaim: string
  /** Told the name of each claim that was there and could not be used. */
  ignored?: (claim: string) => void
}

type Payload = Record<string, unknown>

/** At most 255 characters (OpenID Connect Core 1.0 section 2). */
const subjectPattern = /^[^\p{Cc}\p{Cs}]{1,255}$/u
const pictureMaxCharacters = 2048
const groupMaxCharacters = 255

/**
 * Reads the claims of a verified token, or of userinfo. What is missing is null; what can't be used is too.
 *
 * @throws AppError auth.claims_invalid where `sub` is missing or not sane
 */
export function readClaims(payload: Payload, { issuer, groupsClaim, ignored }: ClaimOptions): PersonClaims {
  const subject = own(payload, 'sub')
  if (typeof subject !== 'string' || !subjectPattern.test(subject)) throw jitError('auth.claims_invalid')
  /** Empty counts as missing. */
  const read = <Value>(claim: string, parse: (value: unknown) => Value | null): Value | null => {
    const value = own(payload, claim)
    if (value === undefined || value === null || value === '') return null
    const parsed = parse(value)
    if (parsed === null) ignored?.(claim)
    return parsed
  }
  const email = read('email', emailOf)
  return {
    issuer,
    subject,
    email,
    emailVerified: email !== null && read('email_verified', booleanOf) === true,
    name: read('name', nameOf) ?? fullNameOf(payload) ?? read('preferred_username', nameOf),
    picture: read('picture', pictureOf),
    locale: read('locale', localeOf),
    groups: read(groupsClaim, (value) => groupsOf(value, () => ignored?.(groupsClaim))),
  }
}

function own(payload: Payload, claim: string): unknown {
  return Object.hasOwn(payload, claim) ? payload[claim] : undefined
}

const booleanOf = (value: unknown) => (typeof value === 'boolean' ? value : null)

function emailOf(value: unknown): string | null {
  return Email.safeParse(value).data ?? null
}

/** One line of at most 100 characters, without what would turn the direction of the text around it. */
function nameOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const line = value
    .slice(0, 1000)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim()
  let cut = ''
  for (const character of line) if (cut.length + character.length <= 100) cut += character
  return DisplayName.safeParse(cut).data ?? null
}

function fullNameOf(payload: Payload): string | null {
  const parts = [own(payload, 'given_name'), own(payload, 'family_name')]
  return nameOf(parts.filter((part) => typeof part === 'string').join(' '))
}

function pictureOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > pictureMaxCharacters || !URL.canParse(value)) return null
  const { protocol, username, password, href } = new URL(value)
  return protocol === 'https:' && !username && !password && href.length <= pictureMaxCharacters ? href : null
}

/** BCP 47; some write `de_DE` (OpenID Connect Core 1.0 section 5.1). */
function localeOf(value: unknown): string | null {
  return typeof value === 'string' ? (Locale.safeParse(value.replaceAll('_', '-')).data ?? null) : null
}

/** Some write a single group as a text. What is no name within a list is left out, and the rest counts. */
function groupsOf(value: unknown, leftOut: () => void): readonly string[] | null {
  const listed: unknown[] | null = typeof value === 'string' ? [value] : Array.isArray(value) ? value : null
  if (!listed) return null
  const groups = listed.filter(
    (group) => typeof group === 'string' && group.length > 0 && group.length <= groupMaxCharacters,
  )
  if (groups.length < listed.length) leftOut()
  return [...new Set(groups as string[])]
}
