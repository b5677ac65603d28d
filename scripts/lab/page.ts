import { html, type Html } from './html.ts'
import type { Drift, Field, LabService } from './lab-service.ts'
import { inWords, presetsOf } from './presets.ts'

/** The style of the page; served from a path of its own, since the page's policy allows nothing inline. */
export const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; --blue: light-dark(#1d4ed8, #93c5fd); --red: light-dark(#b91c1c, #fca5a5); --line: color-mix(in srgb, currentColor 22%, transparent); --soft: color-mix(in srgb, currentColor 5%, transparent) }
html { background: Canvas; color: CanvasText }
body { margin: 0 auto; max-width: 76rem; padding: 1rem }
h1 { margin: 0 }
h2 { margin: 0; font-size: 1.375rem }
h3 { margin: 1.25rem 0 .5rem; font-size: 1rem }
a { color: var(--blue) }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1rem }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin-block: 1.5rem; scroll-margin-top: 1rem }
section > header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between }
form { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; margin: 0 }
.hands { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: .75rem }
.hands form { background: var(--soft); border-radius: .375rem; padding: .75rem }
label { display: grid; gap: .125rem; font-size: .875rem; min-width: 0; max-width: 100%; flex: 1 1 10rem }
input, select, button { font: inherit; font-size: .9375rem; padding: .375rem .5rem; min-height: 2.25rem; min-width: 0; width: 100%; box-sizing: border-box }
button { width: auto; max-width: 100%; cursor: pointer }
button:disabled { cursor: not-allowed }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px }
ul { margin: .5rem 0; padding-left: 1.25rem }
.scroll { overflow-x: auto; max-height: 24rem; border: 1px solid var(--line); border-radius: .375rem }
table { border-collapse: collapse; width: 100%; font-size: .8125rem }
th { position: sticky; top: 0; background: Canvas; white-space: nowrap }
th, td { border-bottom: 1px solid var(--line); padding: .375rem .625rem; text-align: left; vertical-align: top }
td { white-space: pre-wrap; overflow-wrap: break-word; max-width: 24rem }
tr:last-child td { border-bottom: 0 }
code { overflow-wrap: anywhere }
.none { color: color-mix(in srgb, currentColor 75%, transparent); margin: 0 }
.said { border-left: 4px solid var(--blue); padding: .5rem 1rem; background: var(--soft) }
.wrong, .faulty { border-color: var(--red) }
.waiting { font-weight: 600 }
`

/** What was done last, and whether it could be. */
export interface Said {
  words: string
  isWrong: boolean
}

/** The whole page: each service with its faults, what it holds, and what can be done to it by hand. */
export function renderPage(services: readonly LabService[], said: Said | undefined): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Fault lab</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <h1>Fault lab</h1>
          <p>
            The services that Tenantry provisions into, as fakes in memory. Let something go wrong, or change
            something by hand, then look at the tenant in the portal. <a href="/">Look again</a>
          </p>
          <nav aria-label="Services">
            ${services.map(({ name, title }) => html`<a href="#${name}">${title}</a> `)}
          </nav>
        </header>
        <main>
          ${said && html`<p class="said${said.isWrong ? ' wrong' : ''}" role="status">${said.words}</p>`}
          ${services.map(renderService)}
        </main>
      </body>
    </html>`.text
}

function renderService(service: LabService): Html {
  const { name, title, url } = service
  const isFaulty = (service.faults?.faults.list().length ?? 0) > 0
  return html`<section
    id="${name}"
    aria-labelledby="${name}-title"
    ${isFaulty ? html`class="faulty"` : undefined}
  >
    <header>
      <h2 id="${name}-title">${title}</h2>
      <code>${url}</code>
    </header>
    ${service.faults && renderFaults(service, service.faults)}
    ${Object.entries(service.state()).map(([heading, rows]) => renderTable(name, heading, rows))}
    <h3>Change by hand</h3>
    <div class="hands">
      ${service.drifts().map((drift) => renderDrift(name, drift))}
      ${service.reset && renderButton(`/${name}/reset`, `Empty ${title}`)}
    </div>
  </section>`
}

function renderFaults(service: LabService, turned: NonNullable<LabService['faults']>): Html {
  const { faults, operationIds, calls, violations } = turned
  const { name, title } = service
  const presets = Object.entries(presetsOf(service)).map(([value, { label }]) => ({ value, label }))
  const operations = [{ value: '', label: 'any' }, ...operationIds.map((value) => ({ value, label: value }))]
  const times = [
    { value: '1', label: 'the next call' },
    { value: '3', label: 'the next three calls' },
    { value: 'always', label: 'every call' },
  ]
  const waiting = faults.list()
  const made = Object.entries(calls()).filter(([, count]) => count > 0)
  return html`<h3>Faults</h3>
    <form method="post" action="/${name}/faults" aria-label="Add a fault at ${title}">
      ${renderField(name, { name: 'preset', label: 'What goes wrong', options: presets })}
      ${renderField(name, { name: 'times', label: 'How often', options: times })}
      ${renderField(name, { name: 'operation', label: 'At what', options: operations, optional: true })}
      <button>Add</button>
    </form>
    ${
      waiting.length > 0
        ? html`<ul class="waiting">
              ${waiting.map((fault) => html`<li>${inWords(service, fault)}</li>`)}
            </ul>
            ${renderButton(`/${name}/heal`, `Heal ${title}`)}`
        : html`<p class="none">Nothing goes wrong.</p>`
    }
    <details>
      <summary>
        Calls so far: ${made.reduce((sum, [, count]) => sum + count, 0)}, against the published schema:
        ${violations().length}
      </summary>
      <ul>
        ${made.map(([operation, count]) => html`<li>${operation}: ${count}</li>`)}
        ${violations().map((violation) => html`<li>${violation}</li>`)}
      </ul>
    </details>`
}

function renderTable(service: string, heading: string, rows: readonly object[]): Html {
  const id = `${service}-${heading.toLowerCase().replace(/\W+/g, '-')}`
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cell = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(cell).join('\n')
    if (typeof value === 'boolean') return value ? 'yes' : 'no'
    return value !== null && typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value ?? '')
  }
  return html`<h3 id="${id}">${heading}</h3>
    ${
      rows.length === 0
        ? html`<p class="none">None.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${id}">
            <table>
              <thead>
                <tr>
                  ${columns.map((column) => html`<th scope="col">${column}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${rows.map(
                  (row) =>
                    html`<tr>
                      ${columns.map(
                        (column) => html`<td>${cell((row as Record<string, unknown>)[column])}</td>`,
                      )}
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }`
}

function renderDrift(service: string, { name, label, fields }: Drift): Html {
  const nothingThere = fields.some(({ options }) => options?.length === 0)
  return html`<form method="post" action="/${service}/by-hand/${name}" aria-label="${label}">
    ${fields.map((field) => renderField(`${service}-${name}`, field))}
    <button${nothingThere ? html` disabled` : undefined}>${label}</button>
  </form>`
}

function renderField(scope: string, { name, label, options, optional }: Field): Html {
  const id = `${scope}-${name}`
  const control = options
    ? html`<select id="${id}" name="${name}">
        ${options.map(({ value, label: words }) => html`<option value="${value}">${words}</option>`)}
      </select>`
    : html`<input id="${id}" name="${name}" autocomplete="off" ${optional ? undefined : html` required`} />`
  return html`<label for="${id}">${label} ${control}</label>`
}

const renderButton = (action: string, label: string): Html =>
  html`<form method="post" action="${action}"><button>${label}</button></form>`
