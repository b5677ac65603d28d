import type { MailLanguage } from './language'
import type { Message } from './mailer.port'
import { escapeHtml, oneLine } from './plain-words'

/** What a message says, before it is text and HTML. Every value is plain text. */
export interface Letter {
  to: string
  language: MailLanguage
  subject: string
  /** Each a paragraph. */
  paragraphs: string[]
  /** Where the reader is led to, an address of the portal's own. */
  button?: { label: string; url: string }
  /** What else they should know, in small print. */
  afterwards: string[]
  /** Who sends it. */
  signature: string
}

/** Inline, since mail programs drop style sheets; colours with a contrast of 4.5 or more. */
const style = {
  body: 'margin:0;padding:0;background-color:#f4f4f5;',
  frame:
    'max-width:560px;margin:0 auto;padding:32px 24px;background-color:#ffffff;color:#27272a;' +
    'font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;',
  heading: 'margin:0 0 16px;font-size:22px;line-height:1.3;color:#18181b;overflow-wrap:anywhere;',
  paragraph: 'margin:0 0 16px;overflow-wrap:anywhere;',
  button:
    'display:inline-block;padding:12px 20px;border-radius:6px;background-color:#15803d;color:#ffffff;' +
    'font-weight:600;text-decoration:none;',
  address: 'margin:16px 0;font-size:14px;color:#52525b;overflow-wrap:anywhere;',
  small: 'margin:0 0 8px;font-size:14px;color:#52525b;overflow-wrap:anywhere;',
  rule: 'margin:24px 0 16px;border:0;border-top:1px solid #e4e4e7;',
} as const

/** Sets a letter as the text and the HTML of one message. */
export function messageOf(letter: Letter): Message {
  const subject = oneLine(letter.subject)
  return { to: letter.to, subject, text: textOf(letter), html: htmlOf(letter, subject) }
}

function textOf({ paragraphs, button, afterwards, signature }: Letter): string {
  const link = button ? [`${button.label}:\n${button.url}`] : []
  return [...paragraphs, ...link, ...afterwards, `-- \n${signature}`].join('\n\n') + '\n'
}

function htmlOf({ language, paragraphs, button, afterwards, signature }: Letter, subject: string): string {
  // Quoted within: the names of fonts.
  const element = (name: keyof typeof style, tag: string, content: string) =>
    `<${tag} style="${escapeHtml(style[name])}">${content}</${tag}>`
  const lines = (name: keyof typeof style, texts: string[]) =>
    texts.map((text) => element(name, 'p', escapeHtml(text)))
  const url = button && escapeHtml(button.url)
  const link = button
    ? [
        element('paragraph', 'p', `<a href="${url}" style="${style.button}">${escapeHtml(button.label)}</a>`),
        element('address', 'p', `<a href="${url}" style="color:#166534;">${url}</a>`),
      ]
    : []
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(subject)}</title>
</head>
<body style="${style.body}">
<div style="${escapeHtml(style.frame)}" lang="${language}">
${[
  element('heading', 'h1', escapeHtml(subject)),
  ...lines('paragraph', paragraphs),
  ...link,
  ...lines('small', afterwards),
  `<hr style="${style.rule}">`,
  ...lines('small', [signature]),
].join('\n')}
</div>
</body>
</html>
`
}
