/** Signals, each with a tenant's id: its steps were asked for; one of its steps changed. Either may be lost. */
export const askedChannel = 'provisioning.asked'
export const changedChannel = 'provisioning.changed'
