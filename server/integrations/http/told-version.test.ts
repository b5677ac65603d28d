import { expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { toldVersion } from './told-version'

const signal = new AbortController().signal
const told = (said: unknown) => toldVersion(() => Promise.resolve(said), signal)

it.each(['2026.8.3', '7.1', '10.11.0.0', '7.1.0-rc.2', '5.0.0+4f1ab2', '8.0.0-alpha.1+build.7'])(
  'takes %s',
  async (version) => expect(await told(version)).toBe(version),
)

it.each([
  ...['', '7', 'latest', ' 7.1.0', '7.1.0\n', '7.1.0 <b>new</b>', 'v7.1.0', '7.1.0-', '7..1', '1.2.3.4.5'],
  ...[
    `7.1.0-${'a'.repeat(40)}`,
    '123456.1',
    '7.1.0-é',
    '7.1.0+a+b+c',
    7.1,
    null,
    undefined,
    { version: '7.1' },
  ],
])('says nothing of %j', async (said) => expect(await told(said)).toBeNull())

it('says nothing where the service does not', async () => {
  const failure = new IntegrationError({ service: 'ocis', kind: 'unauthorized', message: 'Not for you.' })
  expect(await toldVersion(() => Promise.reject(failure), signal)).toBeNull()
})

it('hides no fault of ours, and ends with its signal', async () => {
  const fault = new TypeError('ours')
  await expect(toldVersion(() => Promise.reject(fault), signal)).rejects.toBe(fault)
  const over = AbortSignal.abort(new Error('over'))
  await expect(toldVersion((within) => Promise.reject(within.reason as Error), over)).rejects.toThrow('over')
})
