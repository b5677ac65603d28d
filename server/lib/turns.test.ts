import { expect, it } from 'vitest'
import { createLatch } from '../../tests/harness/provisioning'
import { createLanes } from './turns'

it('lanes let work of one key run in its order, and that of others beside it', async () => {
  const inTurn = createLanes(4)
  const latch = createLatch()
  const said: string[] = []
  const say = (words: string) => () => Promise.resolve(void said.push(words))
  const first = inTurn('one', () => latch.opened.then(say('one')))
  const second = inTurn('one', say('one again'))
  const others = ['a', 'b', 'c', 'd'].map((key) => inTurn(key, say(key)))
  await Promise.race(others)
  expect(said).not.toContain('one again')
  latch.open()
  await Promise.all([first, second, ...others])
  expect(said.indexOf('one')).toBeLessThan(said.indexOf('one again'))
  expect(said).toHaveLength(6)
})
