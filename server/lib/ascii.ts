/**
 * Lower case of ASCII letters alone, which is how names of the DNS and e-mail addresses are compared. Unicode's own
 * makes one of what is not the same: the Kelvin sign becomes a k, so that a stranger's address would be a member's.
 */
export const lowerAscii = (text: string): string =>
  text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
