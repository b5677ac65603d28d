import { describe, expect, it } from 'vitest'
import { createShared, createSharedAnew } from './shared'

const patient = new AbortController().signal

/** Asks whose answers come when they are let. */
function asking() {
  const asks: { answer: (value: string) => void; fail: (error: Error) => void }[] = []
  const ask = () =>
    new Promise<string>((resolve, reject) => void asks.push({ answer: resolve, fail: reject }))
  return { asks, ask }
}
const settled = () => new Promise(setImmediate)

describe.each([
  ['shared', createShared],
  ['shared anew', createSharedAnew],
] as const)('what is %s', (_name, create) => {
  it('is asked for again by who comes after it was given', async () => {
    const { asks, ask } = asking()
    const share = create(ask)
    const one = share(patient)
    asks[0]?.answer('first')
    expect(await one).toBe('first')
    await settled()
    const other = share(patient)
    asks[1]?.answer('second')
    expect(await other).toBe('second')
  })

  it('fails for all who share it, and for nobody after', async () => {
    const { asks, ask } = asking()
    const share = create(ask)
    const one = share(patient)
    asks[0]?.fail(new Error('no'))
    await expect(one).rejects.toThrow('no')
    await settled()
    const other = share(patient)
    asks[1]?.answer('yes')
    expect(await other).toBe('yes')
  })

  it('is not waited for by who goes, and comes for who stays', async () => {
    const { asks, ask } = asking()
    const share = create(ask)
    const first = share(patient)
    const leaving = new AbortController()
    const [goes, stays] = [share(leaving.signal), share(patient)]
    leaving.abort(new Error('gone'))
    await expect(goes).rejects.toThrow('gone')
    for (let index = 0; index < 2; index++) {
      asks[index]?.answer('it')
      await settled()
    }
    expect(await Promise.all([first, stays])).toEqual(['it', 'it'])
    await expect(share(AbortSignal.abort(new Error('gone before')))).rejects.toThrow('gone before')
  })
})

it('what is shared is the same for all who want it meanwhile', async () => {
  const { asks, ask } = asking()
  const share = createShared(ask)
  const all = [share(patient), share(patient), share(patient)]
  asks[0]?.answer('one')
  expect(await Promise.all(all)).toEqual(['one', 'one', 'one'])
  expect(asks).toHaveLength(1)
})

it('what is shared anew was asked for after everybody came who is given it', async () => {
  const { asks, ask } = asking()
  const share = createSharedAnew(ask)
  const first = share(patient)
  const late = [share(patient), share(patient)]
  await settled()
  expect(asks).toHaveLength(1)
  asks[0]?.answer('old')
  await settled()
  const latest = share(patient)
  asks[1]?.answer('new')
  await settled()
  asks[2]?.answer('newest')
  expect(await Promise.all([first, ...late, latest])).toEqual(['old', 'new', 'new', 'newest'])
})
