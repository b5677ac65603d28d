const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(4, '0')
const escaped = (character: string) => `\\u${hex(character)}`

/**
 * Text as a terminal may have it: what others wrote, such as a title that the portal gave, moves no cursor, sets no
 * colours, and does not turn the direction of what follows. Newlines stay.
 */
export const printable = (text: string): string =>
  // C0 without the newline, DEL and C1 (ECMA-48), and Unicode's marks of direction (UAX #9).
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  text.replace(/[\0-\x09\x0B-\x1F\x7F-\x9F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, escaped)

/** The same, on one line. */
export const printableLine = (text: string): string => printable(text).replaceAll('\n', escaped)

/** JSON on one line, for programs and terminals alike: it means the same, and holds no control character. */
export const printableJson = (data: unknown): string => printable(JSON.stringify(data))
