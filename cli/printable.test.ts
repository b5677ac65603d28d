import { describe, expect, it } from 'vitest'
import { printable, printableJson, printableLine } from './printable'
import { table } from './table'

const hostile = 'a\u001B]0;x\u0007b\u007F\u009B1m\u202Ec\n\td'

describe('what is printed', () => {
  it('shows control characters in place of having them done', () => {
    expect(printable(hostile)).toBe(
      String.raw`a\u001b]0;x\u0007b\u007f\u009b1m\u202ec` + '\n' + String.raw`\u0009d`,
    )
    expect(printableLine(hostile)).not.toContain('\n')
    expect(printable('Ärger 日本 👋🏽')).toBe('Ärger 日本 👋🏽')
  })

  it('means the same in JSON', () => {
    const json = printableJson({ hostile })
    expect(JSON.parse(json)).toEqual({ hostile })
    expect(json).toBe(printable(json))
  })

  it('stays in the row and the column of a table where it belongs', () => {
    expect(
      table(
        ['NAME', 'AGE'],
        [
          ['a\nb', '1'],
          ['\u001B[2K', '22'],
        ],
      ).split('\n'),
    ).toEqual(['NAME       AGE', String.raw`a\u000ab   1`, String.raw`\u001b[2K  22`])
  })
})
