import { nameInMail } from './plain-words'

/** In whose name a message goes out. */
export interface MailSender {
  /** As the portal calls itself. */
  portalName: string
  /** PUBLIC_URL, an origin. */
  origin: string
}

/** Who a message goes to. */
export interface MailRecipient {
  /** One address, in the form of the contract's Email. */
  email: string
  /** A language tag; null where nobody knows. */
  locale: string | null
}

/** Who sends a message, as it says at its end. */
export const signatureOf = ({ portalName, origin }: MailSender) => `${nameInMail(portalName)} · ${origin}`
