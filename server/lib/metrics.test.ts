import { expect, it } from 'vitest'
import { createMetrics } from './metrics'

it('counts requests by route and status, and times those that are no stream', async () => {
  const metrics = await createMetrics()
  const request = { method: 'GET', route: '/api/tenants/:slug', status: 200, seconds: 0.02 }
  metrics.observe(request)
  metrics.observe({ ...request, status: 404 })
  metrics.observe({ ...request, route: '/api/events', seconds: undefined })
  metrics.observe({ ...request, method: 'PROPFIND' })
  const text = await metrics.text([])
  expect(text).toContain(
    'tenantry_http_requests_total{method="GET",route="/api/tenants/:slug",status="200"} 1',
  )
  expect(text).toContain(
    'tenantry_http_requests_total{method="GET",route="/api/tenants/:slug",status="404"} 1',
  )
  expect(text).toContain(
    'tenantry_http_requests_total{method="other",route="/api/tenants/:slug",status="200"} 1',
  )
  expect(text).toContain(
    'tenantry_http_request_duration_seconds_bucket{le="0.025",method="GET",route="/api/tenants/:slug"} 2',
  )
  expect(text).not.toContain('tenantry_http_request_duration_seconds_count{method="GET",route="/api/events"}')
})

it('gives the figures of the moment, and none of before', async () => {
  const metrics = await createMetrics()
  const figure = (values: { of?: string; value: number }[]) => ({
    name: 'breads',
    help: 'Breads.',
    label: 'kind',
    values,
  })
  expect(await metrics.text([figure([{ of: 'rye', value: 2 }])])).toContain('breads{kind="rye"} 2')
  const later = await metrics.text([figure([{ of: 'oat', value: 1 }])])
  expect(later).toContain('breads{kind="oat"} 1')
  expect(later).not.toContain('rye')
})
