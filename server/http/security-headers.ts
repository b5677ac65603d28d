/** What a document of ours may do in a browser: nothing but what the portal does. */
const permissions = [
  ...[
    'accelerometer',
    'autoplay',
    'camera',
    'display-capture',
    'encrypted-media',
    'fullscreen',
    'geolocation',
  ],
  ...['gyroscope', 'magnetometer', 'microphone', 'midi', 'payment', 'picture-in-picture', 'usb'],
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .concat('publickey-credentials-get=(self)', 'publickey-credentials-create=(self)')
  .join(', ')

const oneYearSeconds = 31_536_000

/**
 * Headers of every answer, files and failures too. The policy is that of what is not a page: it may load nothing,
 * and nobody may frame it; a page's own takes its place (see `pagePolicy`).
 *
 * Strict-Transport-Security (RFC 6797) only where people come by https, for this host alone: what else runs below its
 * name is not ours to decide.
 *
 * @param publicUrl PUBLIC_URL
 */
export function securityHeaders(publicUrl: string): readonly (readonly [name: string, value: string])[] {
  const headers = [
    ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
    ['X-Content-Type-Options', 'nosniff'],
    // Paths of links in mails hold tokens: they are told to nobody else.
    ['Referrer-Policy', 'same-origin'],
    ['Permissions-Policy', permissions],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
  ] as const
  return publicUrl.startsWith('https:')
    ? [...headers, ['Strict-Transport-Security', `max-age=${oneYearSeconds}`]]
    : headers
}

/**
 * The Content-Security-Policy (CSP level 3) of pages, as nuxt-security takes it; it fills in each answer's nonce.
 * No script runs without it, but those that a script with it loads. Styles are free to stand in the page: components
 * of @nuxt/ui write elements and attributes of style while they run, to which no nonce can be given.
 *
 * @param publicUrl PUBLIC_URL
 */
export function pagePolicy(publicUrl: string) {
  return {
    'default-src': ["'none'"],
    'script-src': ["'nonce-{{nonce}}'", "'strict-dynamic'"],
    'script-src-attr': ["'none'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'manifest-src': ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
    'upgrade-insecure-requests': publicUrl.startsWith('https:'),
  }
}
