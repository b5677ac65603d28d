import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { withProgress } from './world'

function screen(isTTY: boolean) {
  let text = ''
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    text += chunk.toString()
    done()
  }
  return { stderr: Object.assign(new Writable({ write }), { isTTY }), text: () => text }
}
const clear = '\r\u001B[K'

it('writes one line over itself, and takes it away at the end', async () => {
  const { stderr, text } = screen(true)
  const result = await withProgress({ stderr }, (show) => {
    show('1 of 2 …')
    show('2 of 2 …')
    return Promise.resolve('done')
  })
  expect([result, text()]).toEqual(['done', `${clear}1 of 2 …${clear}2 of 2 …${clear}`])
})

it('takes it away too where the work fails, so that what is wrong stands alone', async () => {
  const { stderr, text } = screen(true)
  const work = withProgress({ stderr }, (show) => {
    show('1 of 2 …')
    return Promise.reject(new Error('away'))
  })
  await expect(work).rejects.toThrow('away')
  expect(text().endsWith(clear)).toBe(true)
})

it('says nothing where nobody looks on, or where there was nothing to say', async () => {
  const [unseen, quick] = [screen(false), screen(true)]
  await withProgress(unseen, (show) => Promise.resolve(show('1 of 2 …')))
  await withProgress(quick, () => Promise.resolve())
  expect([unseen.text(), quick.text()]).toEqual(['', ''])
})
