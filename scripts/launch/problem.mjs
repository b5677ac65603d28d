// @ts-check

/** Something that a person can put right: shown as its message alone, without a stack. */
export class Problem extends Error {}

/** The command was told to stop. */
export class Stopped extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Stopped by ${signal}.`)
    this.signal = signal
  }
}
