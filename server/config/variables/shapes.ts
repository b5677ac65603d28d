import { z } from 'zod'

/** What the reference says of a variable, beside its description. */
interface VariableNotes {
  description: string
  /** Readable from a file too, by NAME_FILE; never shown. */
  secret?: boolean
  /** What holds where it is not set, in words or as a value. */
  fallback?: string
}

declare module 'zod' {
  interface GlobalMeta {
    secret?: boolean
    fallback?: string
  }
}

/** A variable with what the reference says of it. */
export const note = <Schema extends z.ZodType>(schema: Schema, notes: VariableNotes): Schema =>
  schema.meta({ ...notes })

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`))

/** Separated by commas. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)

export const webUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine((text) => !new URL(text).username && !new URL(text).password, 'must not hold a user or password')

export const onOrOff = z
  .enum(['on', 'off', 'true', 'false'], 'must be on or off')
  .transform((text) => /^(on|true)$/.test(text))
