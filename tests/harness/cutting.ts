import type { Database } from '#server/storage/database'

/** Does something that lasts, or throws where the process was killed. */
export type Cut = <Result>(act: () => Promise<Result>) => Promise<Result>

/** The database as a process that may be killed sees it: each transaction, and each single query, is cut. */
export function cutting({ client, transaction, ...database }: Database, cut: Cut): Database {
  return {
    ...database,
    transaction: (work) => cut(() => transaction(work)),
    client: new Proxy(client, {
      get: (models, model) =>
        new Proxy(Reflect.get(models, model) as object, {
          get: (delegate, method) => {
            const query = Reflect.get(delegate, method) as (input: unknown) => Promise<unknown>
            return (input: unknown) => cut(() => query.call(delegate, input))
          },
        }),
    }),
  }
}
