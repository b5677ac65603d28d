import type { Board, Drift, DriftStatus, Sweep } from '#shared/contracts/drift'
import type { Question } from './use-confirm'
import type { Settling } from './use-drift'
import { ServiceName } from '#shared/contracts/provisioning'

/** What is not as it should be of a thing at a service. */
export const driftWords: Record<
  Drift['what'],
  { label: string; color: 'warning' | 'error' | 'info'; icon: string; meaning: string }
> = {
  changed: {
    label: 'Changed',
    color: 'warning',
    icon: 'i-lucide-pencil',
    meaning: 'Somebody changed it at the service.',
  },
  missing: {
    label: 'Missing',
    color: 'error',
    icon: 'i-lucide-circle-x',
    meaning: 'It is no longer at the service.',
  },
  unknown: {
    label: 'Unknown',
    color: 'info',
    icon: 'i-lucide-circle-help',
    meaning: 'It bears our mark, and nothing on record asks for it.',
  },
}

/** How far something is with what was found of it. */
export const driftStatusWords: Record<
  DriftStatus,
  { label: string; color: 'warning' | 'info' | 'neutral' | 'success'; icon: string }
> = {
  open: { label: 'Open', color: 'warning', icon: 'i-lucide-circle-alert' },
  repairing: { label: 'Being repaired', color: 'info', icon: 'i-lucide-loader-circle' },
  accepted: { label: 'Accepted', color: 'neutral', icon: 'i-lucide-check' },
  ignored: { label: 'Ignored', color: 'neutral', icon: 'i-lucide-eye-off' },
  repaired: { label: 'Over', color: 'success', icon: 'i-lucide-circle-check' },
}

/** What is asked before a tenant's drift is repaired. */
export const repairQuestion = ({ kind, name }: Drift): Question => ({
  title: `Repair ${kind} ${name}?`,
  description:
    'Every service of this tenant is brought in line with what is on record, not this one thing alone. ' +
    'The page Plan shows what that changes.',
  action: 'Repair',
  harmless: true,
})

const untouched =
  'Nothing changes at the service; the next run for the tenant, whatever it is for, still brings it in line.'

/** What can be decided about something, for its button and for the question behind it. */
export const settlingWords: Record<
  Settling,
  { label: string; verb: string; done: string; question?: (thing: Drift) => Question }
> = {
  accept: {
    label: 'Accept…',
    verb: 'Accept',
    done: 'It is accepted',
    question: ({ kind, name }) => ({
      title: `Accept ${kind} ${name} as it is?`,
      description: `What was found counts as right until something else is found. ${untouched}`,
      action: 'Accept',
      harmless: true,
    }),
  },
  ignore: {
    label: 'Ignore…',
    verb: 'Ignore',
    done: 'It is ignored',
    question: ({ kind, name }) => ({
      title: `Ignore ${kind} ${name}?`,
      description: `It is neither counted nor listed as open until something else is found. ${untouched}`,
      action: 'Ignore',
      harmless: true,
    }),
  },
  reopen: { label: 'Reopen', verb: 'Reopen', done: 'It is open again' },
}

/** What can be decided about something that stands so. */
export function settlingsFor(status: DriftStatus): Settling[] {
  switch (status) {
    case 'open':
      return ['accept', 'ignore']
    case 'accepted':
      return ['ignore', 'reopen']
    case 'ignored':
      return ['accept', 'reopen']
    default:
      return []
  }
}

/** The states that drift is listed by. */
export const driftStates = ['accepted', 'ignored', 'repaired'] as const
export const driftStateChoices = [
  { label: driftStatusWords.open.label },
  ...driftStates.map((value) => ({ value, label: driftStatusWords[value].label })),
]

export const sweepStatusWords: Record<
  Sweep['status'],
  { label: string; color: 'info' | 'success' | 'error'; icon: string }
> = {
  running: { label: 'Comparing', color: 'info', icon: 'i-lucide-loader-circle' },
  done: { label: 'Done', color: 'success', icon: 'i-lucide-circle-check' },
  failed: { label: 'Not whole', color: 'error', icon: 'i-lucide-circle-alert' },
}
export const sweepCauseWords: Record<Sweep['cause'], string> = {
  scheduled: 'As scheduled',
  requested: 'Asked for by an operator',
}

/** A number and what it counts, such as `1,204 things`. */
export function countWords(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** How long something took or waits, in its two largest units. */
export function durationWords(seconds: number): string {
  if (seconds < 1) return 'less than a second'
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [Math.floor(seconds) % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** The same between two moments. */
export const betweenWords = (from: string, to: string): string =>
  durationWords((Date.parse(to) - Date.parse(from)) / 1000)

/** `stalwart/accounts` as `E-mail, Mailboxes`. */
export function stepAtServiceWords(key: string): string {
  const service = ServiceName.safeParse(key.split('/')[0])
  return service.success ? `${serviceWords[service.data].label}, ${stepLabel(key)}` : key
}

/** The services as choices of a filter, each with how much there is of it; those with nothing are left out. */
export function serviceChoices(counts: { service: ServiceName; count: number }[]) {
  return [
    { label: 'All', count: counts.reduce((sum, { count }) => sum + count, 0) },
    ...counts.map(({ service, count }) => ({ value: service, label: serviceWords[service].label, count })),
  ]
}

/** How a service stands for all tenants. @param breaker its own, where it is not closed */
export function serviceStateWords(isConfigured: boolean, breaker: Board['breakers'][number] | undefined) {
  if (!isConfigured)
    return { label: 'Not configured', color: 'neutral' as const, icon: 'i-lucide-circle-minus' }
  if (!breaker) return { label: 'In use', color: 'success' as const, icon: 'i-lucide-circle-check' }
  return breaker.state === 'open'
    ? { label: 'Paused', color: 'warning' as const, icon: 'i-lucide-circle-pause' }
    : { label: 'Being tried', color: 'info' as const, icon: 'i-lucide-loader-circle' }
}
