export { safeReturnTo } from '#shared/contracts/return-to'
