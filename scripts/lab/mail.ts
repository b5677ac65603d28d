import { startMailbox } from '../../tests/harness/mailbox.ts'
import type { LabService } from './lab-service.ts'

/** @throws the listening socket's error, such as EADDRINUSE */
export async function startMail(port: number) {
  const mailbox = await startMailbox({ port })
  const service: LabService = {
    name: 'mail',
    title: 'Mail server',
    url: mailbox.url,
    state: () => ({
      'Received mail': mailbox.mails().map(({ from, to, text }) => ({ from, to: to.join(', '), text })),
    }),
    drifts: () => [
      {
        name: 'answer',
        label: 'Answer recipients in this way',
        fields: [
          {
            name: 'code',
            label: 'How',
            options: [
              { value: '250', label: 'take the mail' },
              { value: '450', label: 'refuse for now (450)' },
              { value: '550', label: 'refuse for good (550)' },
            ],
          },
        ],
        act: ({ code }) => mailbox.refuse(code === '250' ? undefined : Number(code)),
      },
    ],
    reset: mailbox.clear,
    stop: mailbox.stop,
  }
  const variables = { SMTP_URL: mailbox.url, MAIL_FROM: 'tenantry@example.org' }
  return { service, fake: mailbox, variables }
}
