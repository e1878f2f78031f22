import { readFileSync } from 'node:fs'
import type { Settings } from './layout.ts'

/** Reads what host-cluster.ts wrote. */
export function readSettings(file: string): Settings {
  return JSON.parse(readFileSync(file, 'utf8'))
}
