import { describe, expect, it } from 'vitest'
import { variables } from '#server/config/variables'
import { isForeign, withoutForeign } from './environment.mjs'

describe('withoutForeign', () => {
  it.each(Object.keys(variables))('drops %s, which the server reads', (name) => {
    expect(isForeign(name)).toBe(true)
    expect(isForeign(`${name}_FILE`)).toBe(true)
  })

  it.each(['NUXT_PUBLIC_AUTH_MODE', 'NITRO_PORT', 'PGPASSWORD', 'NODE_ENV'])(
    'drops %s, which a library reads',
    (name) => {
      expect(isForeign(name)).toBe(true)
    },
  )

  it('keeps everything else, and where tests find real services', () => {
    const env = {
      PATH: '/bin',
      HOME: '/root',
      CI: 'true',
      CHROMIUM_PATH: '/x',
      AUTHENTIK_TEST_TOKEN: 't',
      HOSTNAME: 'h',
    }
    expect(withoutForeign({ ...env, PORT: '1' })).toEqual(env)
  })
})
