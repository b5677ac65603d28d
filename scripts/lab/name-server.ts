import type { FakeRecord } from '../../server/integrations/stalwart/fake-zone.ts'
import { startNameServer, type Behaviour } from '../../tests/harness/name-server.ts'
import type { LabService } from './lab-service.ts'

/** The mail server, as far as its domains' records go. */
interface Zones {
  domains(): { name: string }[]
  records(): FakeRecord[]
}

interface Record {
  name: string
  type: string
  content: string
}

/** How what is published for a domain differs from what the mail server wants; null takes the record away. */
const ways: { [name: string]: { label: string; change(record: Record): Record | null } } = {
  right: { label: 'just as the mail server says', change: (record) => record },
  elsewhere: {
    label: 'mail goes to another server (MX)',
    change: (record) => (record.type === 'MX' ? { ...record, content: '10 mx.elsewhere.example.' } : record),
  },
  'other-senders': {
    label: 'another server may send for it (SPF)',
    change: (record) =>
      record.content.startsWith('v=spf1')
        ? { ...record, content: 'v=spf1 include:elsewhere.example -all' }
        : record,
  },
  'no-keys': {
    label: 'its DKIM keys are not published',
    change: (record) => (record.name.includes('._domainkey.') ? null : record),
  },
  lax: {
    label: 'its DMARC policy is none',
    change: (record) =>
      record.content.startsWith('v=DMARC1') ? { ...record, content: 'v=DMARC1; p=none' } : record,
  },
  nothing: { label: 'nothing is published', change: () => null },
}

const behaviours: { [name: string]: { label: string; behaviour?: Behaviour } } = {
  well: { label: 'as it should' },
  silent: { label: 'not at all', behaviour: 'silent' },
  failed: { label: 'with SERVFAIL', behaviour: 'SERVFAIL' },
  refused: { label: 'with REFUSED', behaviour: 'REFUSED' },
  garbage: { label: 'with bytes that are no answer', behaviour: 'garbage' },
  cut: { label: 'cut over UDP, and not at all over TCP', behaviour: 'cut' },
}

/**
 * A DNS server that publishes what the mail server says of its domains, as their owners would: at once, and with a
 * switch for each domain that lets it differ. What else is asked for, such as the TXT record that shows whose a domain
 * is, is published by hand.
 *
 * @throws the listening socket's error, such as EADDRINUSE
 */
export async function startLabNames(port: number, mail: Zones) {
  const wayOf = new Map<string, string>()
  const texts: { name: string; value: string }[] = []
  const behaving = new Map<string, string>()

  function published(): Record[] {
    const domains = mail.domains().map(({ name }) => name)
    return mail.records().flatMap((record) => {
      const name = record.name.replace(/\.$/, '')
      const domain = domains.find((it) => name === it || name.endsWith(`.${it}`))
      const changed = ways[wayOf.get(domain ?? '') ?? 'right']?.change({ ...record, name })
      return changed ? [changed] : []
    })
  }

  const byHand = (): Record[] => texts.map(({ name, value }) => ({ name, type: 'TXT', content: value }))
  const all = () => [...published(), ...byHand()]
  const names = await startNameServer({
    port,
    zone: (name, type) =>
      all()
        .filter((record) => record.name === name && record.type === type)
        .map(dataOf),
  })

  const service: LabService = {
    name: 'dns',
    title: 'Name server',
    url: names.address,
    state: () => ({
      'Published records': all(),
      ...(behaving.size > 0 && {
        'Answered otherwise': [...behaving].map(([name, how]) => ({
          name: name === '*' ? 'every name' : name,
          answered: behaviours[how]?.label,
        })),
      }),
    }),
    drifts: () => [
      {
        name: 'publish',
        label: 'Publish a TXT record, as the portal asks for it',
        fields: [
          { name: 'name', label: 'Name' },
          { name: 'value', label: 'Value' },
        ],
        act({ name = '', value = '' }) {
          if (!/^[\w-]+(\.[\w-]+)+\.?$/.test(name)) throw new Error('Name takes a domain name.')
          texts.push({ name: name.toLowerCase().replace(/\.$/, ''), value })
        },
      },
      {
        name: 'withdraw',
        label: 'Take such a record back',
        fields: [
          {
            name: 'index',
            label: 'Record',
            options: texts.map(({ name, value }, index) => ({
              value: `${index}`,
              label: `${name} ${value}`.slice(0, 100),
            })),
          },
        ],
        act: ({ index }) => void texts.splice(Number(index), 1),
      },
      {
        name: 'differ',
        label: 'Publish it in this way',
        fields: [
          {
            name: 'domain',
            label: 'Domain',
            options: mail.domains().map(({ name }) => ({ value: name, label: name })),
          },
          {
            name: 'way',
            label: 'How',
            options: Object.entries(ways).map(([value, { label }]) => ({ value, label })),
          },
        ],
        act: ({ domain = '', way = '' }) => void wayOf.set(domain, way),
      },
      {
        name: 'behave',
        label: 'Answer in this way',
        fields: [
          { name: 'name', label: 'Name (empty: every one)', optional: true },
          {
            name: 'how',
            label: 'How',
            options: Object.entries(behaviours).map(([value, { label }]) => ({ value, label })),
          },
        ],
        act({ name = '', how = '' }) {
          const which = name.toLowerCase() || '*'
          const behaviour = behaviours[how]?.behaviour
          names.behave(which, behaviour)
          if (behaviour) behaving.set(which, how)
          else behaving.delete(which)
        },
      },
    ],
    reset() {
      names.clear()
      wayOf.clear()
      texts.length = 0
      behaving.clear()
    },
    stop: names.stop,
  }
  return { service, fake: names, variables: { DNS_RESOLVER: names.address } }
}

/** A record's content as the name server takes it. */
function dataOf({ type, content }: Record): unknown {
  const fields = content.split(' ')
  const host = (text = '') => text.replace(/\.$/, '')
  switch (type) {
    case 'MX':
      return { preference: Number(fields[0]), exchange: host(fields[1]) }
    case 'SRV': {
      const [priority, weight, port] = fields.map(Number)
      return { priority, weight, port, target: host(fields[3]) }
    }
    case 'CNAME':
      return host(content)
    default:
      // A string of TXT has 255 characters at most (RFC 1035 section 3.3.14).
      return content.match(/.{1,255}/g) ?? ['']
  }
}
