import { expect, it } from 'vitest'
import { lowerAscii } from './ascii'

it.each([
  ['ACME.Example', 'acme.example'],
  // The Kelvin sign, whose lower case in Unicode is a k; letters that are no ASCII.
  ['\u212aATE@ACME.EXAMPLE', '\u212aate@acme.example'],
  ['\u00c4\u0130\uff2b', '\u00c4\u0130\uff2b'],
])('%j is %j in lower case', (text, lower) => {
  expect(lowerAscii(text)).toBe(lower)
})
