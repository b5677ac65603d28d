import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { decode, encode, streamEncode, type Answer, type DecodedPacket, type Packet } from 'dns-packet'

const flags = { response: 1 << 15, truncated: 1 << 9, authoritative: 1 << 10, recursion: 1 << 8 }
const codes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 }
/** What fits into a datagram where nothing else was agreed on (RFC 1035 section 4.2.1). */
const datagram = 512

/** How a name is answered instead of by its records. */
export type Behaviour =
  | 'silent'
  | 'SERVFAIL'
  | 'REFUSED'
  /** Bytes that are no answer. */
  | 'garbage'
  /** Says over UDP that the answer was cut, and is silent over TCP. */
  | 'cut'

/** A DNS server on 127.0.0.1, over UDP and, for what does not fit, over TCP. */
export interface NameServer {
  /** For DNS_RESOLVER. */
  readonly address: string
  /** Each question that came, as `TXT acme.example udp`. */
  readonly asked: string[]
  /** Sets all records of a name of one type; none takes them away. */
  set(name: string, type: Answer['type'], ...data: unknown[]): void
  /** A TXT record for each text; a text of several strings is given as an array. */
  setText(name: string, ...texts: (string | string[])[]): void
  /** @param name `*` for every name that has no behaviour of its own */
  behave(name: string, behaviour: Behaviour | undefined): void
  /**
   * Answers a name with whatever this makes of the true answer; more of them are sent one after the other.
   *
   * @param lie undefined: the truth again
   */
  lie(name: string, lie: ((truth: Packet, over: 'udp' | 'tcp') => Packet[]) | undefined): void
  /** Takes all records, behaviours and lies away. */
  clear(): void
  stop(): Promise<void>
}

export interface NameServerOptions {
  /** 0, the default, takes a free one. */
  port?: number
  /** The records of a name of one type, where none were set; asked anew for each question. */
  zone?: (name: string, type: string) => unknown[]
}

/** @throws the listening socket's error, such as EADDRINUSE */
export async function startNameServer({
  port: wanted = 0,
  zone = () => [],
}: NameServerOptions = {}): Promise<NameServer> {
  const records = new Map<string, Map<string, unknown[]>>()
  const behaviours = new Map<string, Behaviour>()
  const lies = new Map<string, (truth: Packet, over: 'udp' | 'tcp') => Packet[]>()
  const asked: string[] = []
  const tcp = createServer()
  tcp.listen(wanted, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  const open = new Set<Socket>()

  function answersOf(name: string, type: string): Answer[] {
    const dataOf = (kind: string) => records.get(name)?.get(kind) ?? zone(name, kind)
    const own = dataOf(type)
    const alias = type === 'CNAME' ? undefined : (dataOf('CNAME')[0] as string | undefined)
    const of = (kind: string, data: unknown) => ({ name, type: kind, ttl: 1, class: 'IN', data }) as Answer
    if (alias === undefined) return own.map((data) => of(type, data))
    return [of('CNAME', alias), ...answersOf(alias.toLowerCase(), type)]
  }

  /** @returns none: nothing is answered */
  function answersTo(query: DecodedPacket, over: 'udp' | 'tcp'): (Packet | 'garbage')[] {
    const truth = answer(query, over)
    const lie = lies.get(query.questions?.[0]?.name.toLowerCase() ?? '')
    if (truth === undefined) return []
    return truth === 'garbage' || !lie ? [truth] : lie(truth, over)
  }

  function answer(query: DecodedPacket, over: 'udp' | 'tcp'): Packet | 'garbage' | undefined {
    const [question] = query.questions ?? []
    if (!question) return undefined
    const name = question.name.toLowerCase()
    asked.push(`${question.type} ${name} ${over}`)
    const behaviour = behaviours.get(name) ?? behaviours.get('*')
    if (behaviour === 'silent' || (behaviour === 'cut' && over === 'tcp')) return undefined
    if (behaviour === 'garbage') return 'garbage'
    const reply = (code: number, answers: Answer[] = [], more = 0): Packet => ({
      id: query.id,
      type: 'response',
      flags: flags.response | flags.authoritative | flags.recursion | more | code,
      questions: query.questions,
      answers,
    })
    if (behaviour === 'cut') return reply(codes.NOERROR, [], flags.truncated)
    if (behaviour) return reply(codes[behaviour])
    const answers = answersOf(name, question.type)
    const whole = reply(answers.length > 0 || records.has(name) ? codes.NOERROR : codes.NXDOMAIN, answers)
    const fits = over === 'tcp' || encode(whole).length <= datagram
    return fits ? whole : reply(codes.NOERROR, [], flags.truncated)
  }

  udp.on('message', (message, { port: back, address }) => {
    // The id alone is right, so that it is taken for an answer at all.
    const garbage = Buffer.concat([message.subarray(0, 2), Buffer.alloc(30, 0xff)])
    for (const reply of answersTo(decode(message), 'udp'))
      udp.send(reply === 'garbage' ? garbage : encode(reply), back, address)
  })
  tcp.on('connection', (socket) => {
    open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)))
    let waiting = Buffer.alloc(0)
    socket.on('data', (part) => {
      waiting = Buffer.concat([waiting, part])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const end = 2 + waiting.readUInt16BE(0)
        const replies = answersTo(decode(waiting.subarray(2, end)), 'tcp')
        waiting = waiting.subarray(end)
        for (const reply of replies) if (reply !== 'garbage') socket.write(streamEncode(reply))
      }
    })
  })

  const server: NameServer = {
    address: `127.0.0.1:${port}`,
    asked,
    set(name, type, ...data) {
      const types = records.get(name) ?? new Map<string, unknown[]>()
      if (data.length > 0) types.set(type, data)
      else types.delete(type)
      if (types.size > 0) records.set(name, types)
      else records.delete(name)
    },
    setText: (name, ...texts) => server.set(name, 'TXT', ...texts),
    behave(name, behaviour) {
      if (behaviour) behaviours.set(name, behaviour)
      else behaviours.delete(name)
    },
    lie(name, lie) {
      if (lie) lies.set(name, lie)
      else lies.delete(name)
    },
    clear() {
      records.clear()
      behaviours.clear()
      lies.clear()
    },
    async stop() {
      for (const socket of open) socket.destroy()
      udp.close()
      tcp.close()
      await once(tcp, 'close')
    },
  }
  return server
}
