import type { StepPlanner } from '#server/provisioning/step-planner.port'

/** What a step is told, as the port has it: an integration imports ports alone. */
export type DesiredTenant = Parameters<StepPlanner['plan']>[0]
export type DesiredMember = DesiredTenant['members'][number]
