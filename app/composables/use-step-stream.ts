import { StepEvent } from '#shared/contracts/provisioning'

export type StreamState = 'connecting' | 'live' | 'interrupted' | 'offline'

const firstRetryMs = 1000
const longestRetryMs = 30_000

/**
 * A tenant's step changes while a page is open (server-sent events). Goes on behind the last event after
 * every cut: the browser does so by itself, and we do where it gives up, such as after a proxy's 502.
 * Pauses while the page is hidden, for browsers open few connections to one host.
 *
 * @param path of the stream
 * @param options.from the event that is known already
 * @param options.onStep called for each change
 * @param options.onGivenUp called where the stream was refused, to find out why
 */
export function useStepStream(
  path: string,
  options: {
    from: () => number
    onStep: (event: StepEvent, sequence: number) => void
    onGivenUp: () => void
  },
) {
  const connection = useConnection()
  const state = ref<StreamState>('connecting')
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = firstRetryMs
  let stopped = true

  function connect(): void {
    disconnect()
    if (stopped || document.hidden) return
    source = new EventSource(`${path}?lastEventId=${options.from()}`)
    source.addEventListener('open', () => {
      state.value = 'live'
      retryMs = firstRetryMs
    })
    source.addEventListener('step', (message) => {
      const event = StepEvent.safeParse(JSON.parse(message.data))
      if (event.success) options.onStep(event.data, Number(message.lastEventId))
    })
    source.addEventListener('error', () => {
      state.value = navigator.onLine ? 'interrupted' : 'offline'
      void connection.suspect()
      if (source?.readyState !== EventSource.CLOSED) return
      options.onGivenUp()
      timer = setTimeout(connect, retryMs)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    })
  }

  function disconnect(): void {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }

  function visibility(): void {
    if (document.hidden) disconnect()
    else if (!source) connect()
  }

  function stop(): void {
    stopped = true
    disconnect()
    document.removeEventListener('visibilitychange', visibility)
    window.removeEventListener('online', connect)
  }

  onBeforeUnmount(stop)
  connection.onBack(() => {
    if (!stopped && state.value !== 'live') connect()
  })
  return {
    state: readonly(state),
    start(): void {
      if (!stopped) return
      stopped = false
      document.addEventListener('visibilitychange', visibility)
      window.addEventListener('online', connect)
      connect()
    },
  }
}
