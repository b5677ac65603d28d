import { z } from 'zod'
import { auditVariables } from './variables/audit'
import { dataVariables } from './variables/data'
import { mailVariables } from './variables/mail'
import { peopleVariables } from './variables/people'
import { providerVariables } from './variables/provider'
import { provisioningVariables } from './variables/provisioning'
import { serverVariables } from './variables/server'
import { servicesVariables } from './variables/services'

/**
 * Every variable of the environment that the server reads, in the order of the reference.
 * docs/configuration.md is generated from this object by `npm run docs`.
 */
export const variables = {
  ...serverVariables,
  ...dataVariables,
  ...peopleVariables,
  ...providerVariables,
  ...servicesVariables,
  ...provisioningVariables,
  ...mailVariables,
  ...auditVariables,
} satisfies Record<string, z.ZodType>

/** Names of the variables that hold secrets, and can be given by NAME_FILE. */
export const secretNames: readonly string[] = Object.entries(variables)
  .filter(([, schema]) => (schema as z.ZodType).meta()?.secret)
  .map(([name]) => name)

export const Environment = z.object(variables)
export type Environment = z.output<typeof Environment>
