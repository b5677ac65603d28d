/** A part of a path that is longer than any slug or id: a token that lets somebody in, in a link that was sent to them. */
const token = /[\w-]{41,}/g

/** A request's path as the log may hold it: without the query, and without tokens. */
export function loggedPath(pathWithQuery: string): string {
  const [path = ''] = pathWithQuery.split('?')
  return path.replace(token, '…')
}
