import { readFileSync, statSync } from 'node:fs'

/** Far more than a kubeconfig, a certificate or a token has. */
const largestBytes = 10_000_000

/** What a regular file holds: a pipe would be waited for, and a device may have no end. Throws an `Error` with the reason. */
export function readRegularFile(file: string): Buffer {
  const stats = statSync(file)
  if (!stats.isFile()) throw new Error(`${file} is not a regular file`)
  if (stats.size > largestBytes) throw new Error(`${file} is larger than ${largestBytes / 1_000_000} MB`)
  return readFileSync(file)
}
