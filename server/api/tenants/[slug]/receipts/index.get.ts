import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listReceipts } from '#server/provisioning/receipts'
import { PageQuery } from '#shared/contracts/common'
import { AccessReceiptPage } from '#shared/contracts/receipts'

export default defineRoute({
  summary: 'What was read at each service after people lost their access, newest first.',
  access: tenant('receipts:read'),
  query: PageQuery,
  response: AccessReceiptPage,
  handle: ({ scope, query }) => listReceipts(scope, query),
})
