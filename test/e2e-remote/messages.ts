import process from 'node:process'

/** What the keeper of a host cluster says on its standard output, a line of JSON each; the first two are the inside's. */
export type Message =
  /** Both clusters answer and all host nodes are Ready. UIDs of their kube-system namespaces. */
  | { event: 'ready'; uids: { host: string; target: string } }
  /** Something went wrong inside; what is inside is about to end. */
  | { event: 'failed'; message: string }
  /** The namespaces exist; `pid` is their process 1. */
  | { event: 'started'; pid: number }
  /** All is taken away but what is `left`. */
  | { event: 'gone'; left: string[] }

/** Says it. */
export function say(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
