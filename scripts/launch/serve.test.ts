import { describe, expect, it } from 'vitest'
import { addressOf } from './serve.mjs'

describe('addressOf', () => {
  it.each([
    [{}, 'http://127.0.0.1:3000', 'http://localhost:3000'],
    [{ PORT: '', HOST: '', PUBLIC_URL: '' }, 'http://127.0.0.1:3000', 'http://localhost:3000'],
    [{ PORT: '8080', HOST: '0.0.0.0' }, 'http://127.0.0.1:8080', 'http://localhost:8080'],
    [{ HOST: '::' }, 'http://[::1]:3000', 'http://localhost:3000'],
    [{ HOST: '192.0.2.1' }, 'http://192.0.2.1:3000', 'http://localhost:3000'],
    [{ PUBLIC_URL: 'https://portal.example.org/' }, 'http://127.0.0.1:3000', 'https://portal.example.org'],
  ])('%j', (env, local, people) => {
    expect(addressOf(env)).toMatchObject({ local, public: people })
  })

  it.each(['http', '0', '65536', '80.5', '-1'])('waits for nothing on port %s', (port) => {
    expect(addressOf({ PORT: port })).toBeUndefined()
  })
})
