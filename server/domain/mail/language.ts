/** The languages that messages are written in. */
export type MailLanguage = 'en' | 'de'

/** @param locale a language tag (BCP 47); everything but German is written to in English */
export function languageOf(locale: string | null | undefined): MailLanguage {
  return locale?.toLowerCase().split('-')[0] === 'de' ? 'de' : 'en'
}

/** A moment in words, in UTC: where the reader is, nobody knows. */
export function momentInWords(moment: Date, language: MailLanguage): string {
  const locale = { en: 'en-GB', de: 'de-DE' }[language]
  const words = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return `${words.format(moment)} UTC`
}
