import type { AuthentikFake } from '../../server/integrations/authentik/fake.ts'
import type { OcisFake } from '../../server/integrations/ocis/fake.ts'
import type { StalwartFake } from '../../server/integrations/stalwart/fake.ts'
import type { Mailbox } from '../../tests/harness/mailbox.ts'
import type { NameServer } from '../../tests/harness/name-server.ts'
import { startAuthentik } from './authentik.ts'
import { startFiles } from './files.ts'
import type { LabOptions, LabService, Started } from './lab-service.ts'
import { startMail } from './mail.ts'
import { startLabNames } from './name-server.ts'
import { startStalwart } from './stalwart.ts'

/** All services that Tenantry provisions into, as fakes, and the environment to start it with. */
export interface Lab {
  services: LabService[]
  /** The same, to be looked at and changed by a test. */
  fakes: {
    authentik: AuthentikFake
    stalwart: StalwartFake
    files: OcisFake
    mailbox: Mailbox
    names: NameServer
  }
  environment: Record<string, string>
  stop(): Promise<void>
}

/** @throws the listening socket's error, such as EADDRINUSE; what was started before is stopped */
export async function startServices(options: LabOptions): Promise<Lab> {
  const ports = { next: options.port }
  const nextPort = () => (ports.next === 0 ? 0 : ports.next++)
  const services: LabService[] = []
  const environment: Record<string, string> = {}
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()))
  }
  try {
    const add = <Its extends Started>(started: Its): Its => {
      const { service, variables } = started
      if (options.delayMs > 0)
        service.faults?.faults.add({ kind: 'delay', ms: options.delayMs, times: 'always' })
      services.push(service)
      Object.assign(environment, variables)
      return started
    }
    const people = add(await startAuthentik(nextPort(), options))
    const post = add(await startStalwart(nextPort(), options))
    const spaces = add(await startFiles(nextPort(), options))
    const inbox = add(await startMail(nextPort()))
    const dns = add(await startLabNames(nextPort(), post.fake))
    const fakes = {
      authentik: people.fake,
      stalwart: post.fake,
      files: spaces.fake,
      mailbox: inbox.fake,
      names: dns.fake,
    }
    return { services, fakes, environment, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
