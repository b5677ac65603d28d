export { vaultError } from './vaults.errors'
export { mayInVault, type VaultPermission } from './vaults.policy'
