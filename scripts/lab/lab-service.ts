import type { FaultInput, Faults } from '../../server/integrations/fakes/faults.ts'

/** One thing to fill in. */
export interface Field {
  name: string
  label: string
  /** What there is to choose from; absent: a text. */
  options?: { value: string; label: string }[]
  optional?: boolean
}

/** Something that can be changed at a service by hand, as somebody else would. */
export interface Drift {
  name: string
  label: string
  fields: Field[]
  /** @throws Error in words where it can't be done */
  act(values: Record<string, string>): unknown
}

/** A fake service as the lab's page shows it. */
export interface LabService {
  name: string
  title: string
  url: string
  /** Absent where nothing can be made to go wrong. */
  faults?: {
    faults: Pick<Faults, 'add' | 'list' | 'clear'>
    /** At what they can be aimed. */
    operationIds: readonly string[]
    /** How the service answers to a token that it does not know. */
    wrongToken: FaultInput
    calls(): Record<string, number>
    violations(): string[]
  }
  /** What it holds, as tables by their headings. */
  state(): Record<string, readonly object[]>
  drifts(): Drift[]
  reset?(): void
  stop(): Promise<void>
}

export interface LabOptions {
  /** The first of the services' ports, one after the other; 0 takes free ones. */
  port: number
  /** Of Authentik and Stalwart; absent: random ones. */
  token?: string | undefined
  stalwart: 'jmap' | 'rest'
  files: 'ocis' | 'opencloud'
  /** How long each call takes. */
  delayMs: number
}

/** A service that runs, with what Tenantry is told to find it. */
export interface Started {
  service: LabService
  variables: Record<string, string>
}
