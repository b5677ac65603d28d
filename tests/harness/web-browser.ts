/** What a browser without scripts does: keeps cookies by origin, follows redirects, submits forms. */
export class WebBrowser {
  /** The page that it shows. */
  url = ''
  text = ''
  status = 0
  headers = new Headers()
  /** Name to value, by origin. */
  readonly cookies = new Map<string, Map<string, string>>()
  /** Bytes of the largest cookie that it was ever given, name and value. */
  largestCookie = 0

  /**
   * Goes to an address, and on where redirects lead.
   *
   * @param stopAt an address at which it does not go on, but looks at it alone
   */
  async open(address: string, stopAt?: (url: URL) => boolean, init: RequestInit = {}): Promise<this> {
    let next: string | undefined = address
    let request = init
    for (let hops = 0; next !== undefined; hops += 1) {
      if (hops > 20) throw new Error(`Redirects do not end: ${next}`)
      this.url = new URL(next, this.url || undefined).href
      if (stopAt?.(new URL(this.url))) return this
      next = await this.#request(request)
      request = {}
    }
    return this
  }

  /** Submits the page's form with its hidden fields, and these beside them. */
  async submit(fields: Record<string, string>, stopAt?: (url: URL) => boolean): Promise<this> {
    const action = /<form[^>]*action="([^"]*)"/.exec(this.text)?.[1]
    if (!action) throw new Error(`No form at ${this.url} (${this.status}): ${this.text.slice(0, 500)}`)
    const body = new URLSearchParams(fields)
    for (const [input] of this.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g))
      body.set(/name="([^"]*)"/.exec(input)?.[1] ?? '', /value="([^"]*)"/.exec(input)?.[1] ?? '')
    return this.open(action, stopAt, { method: 'POST', body })
  }

  /** Signs in at the provider of the tests where that asks for it. */
  async signInAs(login: string, stopAt?: (url: URL) => boolean): Promise<this> {
    return /name="login"/.test(this.text) ? this.submit({ login }, stopAt) : this
  }

  /** The Cookie header for an origin. */
  cookiesFor(origin: string): string {
    return [...(this.cookies.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async #request(init: RequestInit): Promise<string | undefined> {
    const { origin } = new URL(this.url)
    const cookie = this.cookiesFor(origin)
    const response = await fetch(this.url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie && { cookie }) },
    })
    const jar = this.cookies.get(origin) ?? new Map<string, string>()
    this.cookies.set(origin, jar)
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      this.largestCookie = Math.max(this.largestCookie, pair.length)
      const isGone = /max-age=0|expires=Thu, 01 Jan 1970/i.test(line) || value === ''
      if (isGone) jar.delete(name)
      else jar.set(name, value)
    }
    this.status = response.status
    this.headers = response.headers
    this.text = await response.text()
    const to = response.headers.get('location')
    return response.status >= 300 && response.status < 400 && to ? to : undefined
  }
}
