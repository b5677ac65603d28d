import type { ZxcvbnFactory } from '@zxcvbn-ts/core'

/** Least score of zxcvbn (0 to 4) that is taken: 3, safely unguessable for an online and slow offline attack. */
const leastScore = 3

let judge: Promise<ZxcvbnFactory> | undefined

/** The dictionaries take megabytes, and are needed only where somebody chooses a password. */
async function loadJudge(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  return new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    maxLength: 128,
  })
}

/**
 * Judges a password that somebody chose.
 *
 * @param about words that it must not lean on, such as the person's name and address
 * @returns why it is too weak, in words for that person; undefined where it is strong enough
 */
export async function judgePassword(password: string, about: string[]): Promise<string | undefined> {
  judge ??= loadJudge()
  const words = about.flatMap((text) => [text, ...text.split(/[\s@.]+/)]).filter((word) => word.length > 2)
  const { score, feedback } = (await judge).check(password, [...words, 'tenantry'])
  if (score >= leastScore) return undefined
  const advice = [feedback.warning, ...feedback.suggestions].filter(Boolean)
  return advice.length ? advice.join(' ') : 'This password is too easy to guess. Add another word or two.'
}
