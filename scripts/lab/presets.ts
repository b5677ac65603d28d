import type { Fault, FaultInput } from '../../server/integrations/fakes/faults.ts'
import type { LabService } from './lab-service.ts'

type Preset = { label: string; fault: FaultInput }

const slowMs = 3_000
const retryAfterSeconds = 20

/** What the page lets go wrong at a service, by name. */
export function presetsOf(service: LabService): Record<string, Preset> {
  const page = '<!doctype html><title>502</title><h1>Bad gateway</h1>'
  const answer = (status: number, body: unknown, headers: Record<string, string> = {}): FaultInput => ({
    kind: 'answer',
    status,
    body,
    headers,
  })
  return {
    slow: { label: `slow, ${slowMs / 1000} s each call`, fault: { kind: 'delay', ms: slowMs } },
    cut: { label: 'applied, then the line is cut', fault: { kind: 'drop', when: 'after' } },
    refused: { label: 'the line is cut before anything happens', fault: { kind: 'drop', when: 'before' } },
    limited: {
      label: `429, Retry-After ${retryAfterSeconds} s`,
      fault: answer(429, '', { 'retry-after': String(retryAfterSeconds) }),
    },
    broken: { label: '503, no body', fault: answer(503, '') },
    html: {
      label: '502 with an HTML page',
      fault: answer(502, page, { 'content-type': 'text/html' }),
    },
    strange: {
      label: '200 with an HTML page',
      fault: answer(200, page, { 'content-type': 'text/html' }),
    },
    half: { label: 'half an answer, then the line is cut', fault: { kind: 'drop', when: 'midway' } },
    open: { label: 'half an answer, then silence', fault: { kind: 'hang', when: 'midway' } },
    silent: { label: 'silence', fault: { kind: 'hang', when: 'before' } },
    ...(service.faults && {
      token: { label: 'the token is not known', fault: service.faults.wrongToken },
    }),
  }
}

/** What waits to go wrong, such as `every call of CreateDrive: 503, no body`. */
export function inWords(service: LabService, { times, operation, ...fault }: Fault): string {
  const calls = times === 'always' ? 'every call' : times === 1 ? 'the next call' : `the next ${times} calls`
  return `${calls}${operation ? ` of ${operation}` : ''}: ${labelOf(service, fault)}`
}

function labelOf(service: LabService, fault: Omit<Fault, 'times' | 'operation'>): string {
  if ('ms' in fault) return `${Number(fault.ms) / 1000} s late`
  const isThis = (preset: FaultInput) =>
    Object.entries(preset).every(
      ([name, value]) => JSON.stringify(value) === JSON.stringify(fault[name as keyof typeof fault]),
    )
  const known = Object.values(presetsOf(service)).find((preset) => isThis(preset.fault))
  return known?.label ?? JSON.stringify(fault)
}
