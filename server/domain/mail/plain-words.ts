/** Control characters, and those that turn the direction of writing around. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu

/** A text of one line, at most 200 characters: nothing in it begins a header or turns words around. */
export function oneLine(text: string): string {
  return [...text.replace(unseen, ' ').replace(/\s+/g, ' ').trim()].slice(0, 200).join('')
}

/**
 * A name that somebody chose, for a message that goes out in the portal's name. Mail programs make links of what
 * looks like an address: a space without width, after each character that one is built with, keeps them from it, so
 * that nobody advertises a page by what they call themselves.
 */
export function nameInMail(name: string): string {
  return oneLine(name).replace(/[.:/@](?=\S)/g, '$&\u200b')
}

/** A text within HTML, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
