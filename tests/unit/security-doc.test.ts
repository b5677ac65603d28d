import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { read } from '../harness/deployment'

const text = read('docs/security.md')

/** A test as the document names it: its file, and the beginning of its title. */
const named = [...text.matchAll(/`([\w./-]+\.test\.ts)`\s+“([^”]+)”/g)].map(([, file = '', title = '']) => ({
  file,
  title: title.replace(/\s+/g, ' '),
}))

/** What a file's calls are given first, where that is a text and not all: titles of tests and suites among them. */
const titlesOf = (file: string) =>
  [...read(file).matchAll(/\(\s*(['"`])((?:\\.|(?!\1).)*)\1\s*,/gs)].map(([, , title = '']) =>
    title.replaceAll('\\', ''),
  )

it('names tests that exist', () => {
  expect(named.length).toBeGreaterThan(40)
  for (const { file, title } of named) {
    const titles = titlesOf(file)
    expect(
      titles.some((its) => its.startsWith(title)),
      `${file} has no test “${title}…”`,
    ).toBe(true)
  }
})

it('names files that exist', () => {
  const files = [...text.matchAll(/`((?:app|server|shared|tests|modules)\/[\w./-]+\.\w+)`/g)].map(
    ([, file = '']) => file,
  )
  expect(files.length).toBeGreaterThan(40)
  for (const file of files) expect(existsSync(file), file).toBe(true)
})

it('has every line of its chapters at levels 1 and 2', () => {
  const inSection = (chapter: string, section: number, last: number) =>
    Array.from({ length: last }, (_, i) => `${chapter}.${section}.${i + 1}`)
  const lines = [
    ...[3, 12, 4, 4, 5, 3].flatMap((last, i) => inSection('6', i + 1, last)),
    ...inSection('6', 8, 4),
    ...[3, 4, 2, 5, 2, 2].flatMap((last, i) => inSection('7', i + 1, last)),
    ...inSection('8', 1, 2),
    ...inSection('8', 2, 3),
    ...['8.3.1', '8.4.1'],
    ...[3, 4].flatMap((last, i) => inSection('9', i + 1, last)),
    ...[2, 2, 4].flatMap((last, i) => inSection('10', i + 1, last)),
    ...inSection('10', 5, 5),
  ]
  for (const line of lines)
    expect(text, line).toMatch(new RegExp(`^\\| ${line.replaceAll('.', '\\.')} `, 'm'))
})
