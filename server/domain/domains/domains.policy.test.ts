import { describe, expect, it } from 'vitest'
import { parentsOf, parseDomainName } from './domains.policy'

const parse = (text: string) => parseDomainName(text, 'portal.host.example')

describe('the name of a mail domain', () => {
  it.each([
    ['acme.example', 'acme.example'],
    ['  ACME.Example. ', 'acme.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['mail.acme.co.uk', 'mail.acme.co.uk'],
    ['acme。example', 'acme.example'],
    ['host.example', 'host.example'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('%s', (text, name) => {
    expect(parse(text)).toEqual({ name })
  })

  it.each([
    ['', /not a domain name/],
    ['acme', /not a domain name/],
    ['a..example', /not a domain name/],
    ['-acme.example', /not a domain name/],
    ['acme-.example', /not a domain name/],
    ['a_b.example', /not a domain name/],
    ['acme.example..', /not a domain name/],
    ['https://acme.example', /not a domain name/],
    ['acme.example:25', /not a domain name/],
    ['acme%2eexample', /not a domain name/],
    ['acme.example/x', /not a domain name/],
    ['ac\u00adme.example', /not a domain name/],
    ['acme.exam ple', /not a domain name/],
    ['*.acme.example', /not a domain name/],
    ['xn--a.example', /not a domain name/],
    [`${'a'.repeat(64)}.example`, /not a domain name/],
    [`${'abcdefg.'.repeat(31)}example`, /not a domain name/],
    ['ada@acme.example', /e-mail address/],
    ['192.0.2.1', /IP address/],
    ['[2001:db8::1]', /IP address/],
    ['2001:db8::1', /IP address/],
    ['0x7f.1', /IP address/],
    ['127.1', /IP address/],
    ['mail.localhost', /local networks/],
    ['printer.local', /local networks/],
    ['acme.internal', /local networks/],
    ['1.168.192.in-addr.arpa', /local networks/],
    ['hidden.onion', /local networks/],
    ['co.uk', /many others/],
    ['github.io', /many others/],
    ['Portal.Host.Example', /portal itself/],
  ])('refuses %j', (text, refusal) => {
    const parsed = parse(text)
    expect(parsed.name).toBeUndefined()
    expect(parsed.refusal).toMatch(refusal)
  })

  it('has the names above it, without what is everybody’s', () => {
    expect(parentsOf('a.b.acme.co.uk')).toEqual(['b.acme.co.uk', 'acme.co.uk'])
    expect(parentsOf('acme.co.uk')).toEqual([])
    expect(parentsOf('me.github.io')).toEqual([])
  })
})
