import { html, type Html } from './html.ts'
import type { Drift, Field, LabService } from './lab-service.ts'
import { presetsOf } from './presets.ts'

/** The style of the page; served from a path of its own, since the page's policy allows nothing inline. */
export const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; --line: color-mix(in srgb, currentColor 25%, transparent) }
body { margin: 0 auto; max-width: 72rem; padding: 1rem }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 0 1rem 1rem; margin-block: 1.5rem }
form, fieldset { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; border: 0; padding: 0; margin: 0 0 .75rem }
label { display: grid; gap: .125rem; max-width: 100% }
input, select, button { font: inherit; padding: .35rem .5rem; max-width: 100%; box-sizing: border-box }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
.scroll { overflow-x: auto; max-height: 24rem }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere; min-width: 6rem }
code { overflow-wrap: anywhere }
.said { border-left: 4px solid #2563eb; padding: .5rem 1rem; background: color-mix(in srgb, #2563eb 12%, transparent) }
.wrong { border-color: #dc2626 }
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
  return html`<section id="${name}" aria-labelledby="${name}-title">
    <h2 id="${name}-title">${title}</h2>
    <p><code>${url}</code></p>
    ${service.faults && renderFaults(service, service.faults)}
    ${Object.entries(service.state()).map(([heading, rows]) => renderTable(name, heading, rows))}
    ${service.drifts().length > 0 ? html`<h3>Change by hand</h3>` : undefined}
    ${service.drifts().map((drift) => renderDrift(name, drift))}
    ${service.reset && renderButton(`/${name}/reset`, `Empty ${title}`)}
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
        ? html`<ul>
              ${waiting.map((fault) => html`<li><code>${JSON.stringify(fault).slice(0, 300)}</code></li>`)}
            </ul>
            ${renderButton(`/${name}/heal`, `Heal ${title}`)}`
        : html`<p>Nothing goes wrong.</p>`
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
  const cell = (value: unknown) =>
    value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
  return html`<h3 id="${id}">${heading}</h3>
    ${
      rows.length === 0
        ? html`<p>None.</p>`
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
