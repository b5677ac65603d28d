const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** 62 in it: 32 of them hold 190 bits. */
const length = 32

/** A random value of letters and digits, which every service takes. */
export function generatedSecret(): string {
  let text = ''
  while (text.length < length)
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // What is beyond the last whole round of the alphabet would make its start more likely.
      if (byte < 256 - (256 % alphabet.length)) text += alphabet[byte % alphabet.length]
    }
  return text.slice(0, length)
}
