import { describe, expect, it } from 'vitest'
import { unreachableInWords } from './unreachable'

const url = 'postgresql://tenantry:hunter2@db.example.org:5433/portal'

/** As Prisma throws what its adapter found out. */
const failure = (cause: { kind: string; originalCode?: string }, words = '') => ({
  code: 'P2010',
  message: `\nInvalid invocation:\n\nRaw query failed. Message: \`${words}\``,
  meta: { driverAdapterError: { cause } },
})

describe('unreachableInWords', () => {
  it.each([
    ['DatabaseNotReachable', 'does not answer. Start it, or correct host and port in DATABASE_URL.'],
    ['AuthenticationFailed', 'refuses the user or the password. Correct them in DATABASE_URL.'],
    ['DatabaseDoesNotExist', 'has no such database. Create it, or correct its name in DATABASE_URL.'],
    ['TlsConnectionError', 'Correct sslmode in DATABASE_URL, or the certificate.'],
    ['TooManyConnections', 'Raise its max_connections, or lower DATABASE_POOL_MAX.'],
  ])('names variable, place and remedy for %s, and no password', (kind, remedy) => {
    const words = unreachableInWords(failure({ kind }), url)
    expect(words).toContain(
      'DATABASE_URL: PostgreSQL at db.example.org:5433 (database portal, user tenantry)',
    )
    expect(words).toContain(remedy)
    expect(words).not.toContain('hunter2')
  })

  it('repeats what a server says that answers with something else', () => {
    const starting = failure(
      { kind: 'postgres', originalCode: '57P03' },
      'the database system is starting up',
    )
    expect(unreachableInWords(starting, url)).toMatch(
      /it says “the database system is starting up”\. Start Tenantry/,
    )
  })

  it('has no words for a fault of ours, nor for a file', () => {
    expect(unreachableInWords(new Error('a fault of ours'), url)).toBeUndefined()
    expect(
      unreachableInWords(failure({ kind: 'DatabaseNotReachable' }), 'file:/data/tenantry.db'),
    ).toBeUndefined()
  })
})
