/** Why a call of the portal's API failed: the fields of its problem details, or what stands in for them. */
export interface Failure {
  /** HTTP status; 0 where no answer came. */
  status: number
  /** Stable, `noun.what_happened`; `portal.unreachable` where no answer came. */
  code: string
  title: string
  detail?: string
  requestId?: string
  /** Faults of single fields; `path` is dotted. */
  errors?: { path: string; message: string }[]
  retryAfterSeconds?: number
}

/** Any thrown value as a Failure; useApi's errors carry theirs in `data`. */
export function failureFrom(error: unknown): Failure {
  const data = error && typeof error === 'object' && 'data' in error ? error.data : undefined
  if (data && typeof data === 'object' && 'code' in data && 'status' in data) return data as Failure
  return { status: 500, code: 'portal.failed', title: 'Something went wrong' }
}

/** What is said at a field: in words of the form's own, or made of the failure. */
type FieldWords = string | ((failure: Failure) => string)

/** The server's own words for a failure. */
export const ownWords: FieldWords = ({ title, detail }: Failure) => [title, detail].filter(Boolean).join(' ')

/**
 * A failure that is about one field, put there; every other one as it is.
 *
 * @param words what is said at the field, by the failure's code
 */
export function failureAt(
  failure: Failure | undefined,
  path: string,
  words: Record<string, FieldWords>,
): Failure | undefined {
  const said = failure && Object.hasOwn(words, failure.code) ? words[failure.code] : undefined
  if (!failure || said === undefined) return failure
  return { ...failure, errors: [{ path, message: typeof said === 'string' ? said : said(failure) }] }
}

/** What a person is told: what happened, and what to do about it. */
export function failureWords(failure: Failure): { title: string; description: string } {
  const detail = failure.detail ?? ''
  switch (failure.status) {
    case 0:
      return { title: 'The portal can’t be reached', description: 'Check your connection, then try again.' }
    case 403:
      return { title: 'You may not do this', description: detail || 'Ask somebody with more rights.' }
    case 412:
      return {
        title: 'Somebody else changed this meanwhile',
        description: 'The newest state was loaded. Look at it, then try again.',
      }
    case 429:
      return { title: 'Too many attempts', description: waitWords(failure.retryAfterSeconds) }
    case 502:
    case 503:
      return { title: 'The portal can’t do this right now', description: detail || 'Try again in a moment.' }
    default:
      if (failure.status >= 500)
        return { title: 'Something went wrong on our side', description: detail || 'Try again in a moment.' }
      return { title: failure.title, description: detail }
  }
}

function waitWords(seconds: number | undefined): string {
  if (!seconds) return 'Wait a moment, then try again.'
  if (seconds < 90) return `Try again in ${seconds} seconds.`
  return `Try again in ${Math.ceil(seconds / 60)} minutes.`
}
