import { expect, it } from 'vitest'
import { createGate } from './gate'

it('lets two run at a time, and the others in their order', async () => {
  const gate = createGate(2)
  const finish: (() => void)[] = []
  const order: number[] = []
  let running = 0
  let most = 0
  const work = (index: number) =>
    gate(async () => {
      order.push(index)
      most = Math.max(most, (running += 1))
      await new Promise<void>((resolve) => finish.push(resolve))
      running -= 1
      return index
    })
  const all = Promise.all([0, 1, 2, 3, 4].map(work))
  while (finish.length) {
    finish.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await all).toEqual([0, 1, 2, 3, 4])
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(most).toBe(2)
})

it('goes on after work that failed', async () => {
  const gate = createGate(1)
  await expect(gate(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await gate(() => Promise.resolve('next'))).toBe('next')
})
