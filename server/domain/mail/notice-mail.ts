import { languageOf, momentInWords, type MailLanguage } from './language'
import { messageOf, type Letter } from './layout'
import { signatureOf, type MailRecipient, type MailSender } from './mail-parties'
import type { Message } from './mailer.port'
import { nameInMail } from './plain-words'

/** What a notice is written with: the portal's name, the moment in words, and where the portal is. */
interface NoticeFacts {
  portal: string
  at: string
  origin: string
}

type Words = Pick<Letter, 'subject' | 'paragraphs' | 'afterwards'>

/** Tells somebody, in their language, of something that was done with their account. */
export function noticeMail(
  sender: MailSender,
  to: MailRecipient,
  moment: Date,
  wordsOf: (facts: NoticeFacts) => Record<MailLanguage, Words>,
): Message {
  const language = languageOf(to.locale)
  const { portalName, origin } = sender
  const facts = { portal: nameInMail(portalName), at: momentInWords(moment, language), origin }
  const words = wordsOf(facts)[language]
  return messageOf({ to: to.email, language, ...words, signature: signatureOf(sender) })
}
