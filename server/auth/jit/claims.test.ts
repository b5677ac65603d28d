import { describe, expect, it } from 'vitest'
import { readClaims } from './claims'

describe('readClaims', () => {
  const read = (payload: Record<string, unknown>, groupsClaim = 'groups') => {
    const ignored: string[] = []
    const claims = readClaims(
      { sub: 'u-1', ...payload },
      { issuer: 'https://idp.example', groupsClaim, ignored: (claim) => ignored.push(claim) },
    )
    return { ...claims, ignored }
  }

  it('reads what is well said', () => {
    expect(
      read({
        email: 'Nina@Example.org',
        email_verified: true,
        name: 'Nina Nord',
        picture: 'https://idp.example/nina.png',
        locale: 'de_DE',
        groups: ['acme', 'acme', 'beta'],
      }),
    ).toEqual({
      issuer: 'https://idp.example',
      subject: 'u-1',
      email: 'nina@example.org',
      emailVerified: true,
      name: 'Nina Nord',
      picture: 'https://idp.example/nina.png',
      locale: 'de-DE',
      groups: ['acme', 'beta'],
      ignored: [],
    })
  })

  it('takes what is missing or empty for missing', () => {
    for (const payload of [{}, { email: '', name: null, groups: null, picture: undefined }])
      expect(read(payload)).toMatchObject({
        email: null,
        emailVerified: false,
        name: null,
        picture: null,
        locale: null,
        groups: null,
        ignored: [],
      })
  })

  it.each([undefined, null, 7, '', 'x'.repeat(256), 'a\u0000b', '\ud800', ['u-1'], { sub: 'u-1' }])(
    'refuses the subject %j',
    (sub) => expect(() => read({ sub })).toThrow(expect.objectContaining({ code: 'auth.claims_invalid' })),
  )

  it('does not take a subject from a prototype', () => {
    const payload = Object.create({ sub: 'u-1' }) as Record<string, unknown>
    expect(() => readClaims(payload, { issuer: 'i', groupsClaim: 'groups' })).toThrow()
  })

  it('leaves out what is of the wrong type, and says so', () => {
    const claims = read({
      email: ['nina@example.org'],
      email_verified: 'true',
      name: { given: 'Nina' },
      picture: 12,
      locale: ['de'],
      groups: { acme: true },
    })
    expect(claims).toMatchObject({
      email: null,
      emailVerified: false,
      name: null,
      picture: null,
      groups: null,
    })
    expect(claims.ignored.sort()).toEqual(['email', 'groups', 'locale', 'name', 'picture'])
    expect(read({ email: 'nina@example.org', email_verified: 'true' })).toMatchObject({
      emailVerified: false,
      ignored: ['email_verified'],
    })
  })

  it('does not call an address verified that it could not read', () => {
    expect(read({ email: 'not an address', email_verified: true })).toMatchObject({
      email: null,
      emailVerified: false,
    })
  })

  it('falls back to other names', () => {
    expect(read({ given_name: 'Nina', family_name: 'Nord' }).name).toBe('Nina Nord')
    expect(read({ given_name: 'Nina', family_name: 7 }).name).toBe('Nina')
    expect(read({ preferred_username: 'nina' }).name).toBe('nina')
    expect(read({ name: 'N', given_name: 'Nina', preferred_username: 'nina' }).name).toBe('N')
  })

  it('makes one short line of a name', () => {
    expect(read({ name: ' Nina\u0000\n\tNord\u202e ' }).name).toBe('Nina Nord')
    expect(read({ name: '\u202e\u0000 ' }).name).toBeNull()
    expect(read({ name: 'n'.repeat(100_000) }).name).toHaveLength(100)
    expect(read({ name: '👩‍👩‍👧‍👦'.repeat(50) }).name?.length).toBeLessThanOrEqual(100)
  })

  it.each([
    'http://idp.example/a.png',
    'javascript:alert(1)',
    'data:image/png;base64,AA',
    'https://user:word@idp.example/a.png',
    `https://idp.example/${'a'.repeat(2048)}`,
    'a.png',
  ])('refuses the picture %s', (picture) => {
    expect(read({ picture })).toMatchObject({ picture: null, ignored: ['picture'] })
  })

  it('reads groups from the claim that is named, and only of a sane form', () => {
    expect(read({ 'https://idp.example/roles': 'acme' }, 'https://idp.example/roles').groups).toEqual([
      'acme',
    ])
    expect(read({ groups: ['acme', 7, null, '', 'g'.repeat(256), { name: 'x' }] })).toMatchObject({
      groups: ['acme'],
      ignored: ['groups'],
    })
    expect(read({ groups: [] }).groups).toEqual([])
    expect(read({}, 'constructor').groups).toBeNull()
    expect(read({ groups: Array.from({ length: 10_000 }, (_, n) => `g-${n}`) }).groups).toHaveLength(10_000)
  })
})
