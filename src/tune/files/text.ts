import { stringify } from 'yaml'
import type { Circumstances } from '../format.ts'

/** Comment lines at the top of a file: where it comes from, and what is to be known of it. */
export function head({ profile, kubernetes }: Circumstances, ...lines: readonly string[]): string {
  const all = [`Profile ${profile} for Kubernetes ${kubernetes}, written by scale-test tune render.`, ...lines]
  return all.map((line) => `# ${line}\n`).join('')
}

/** A value as YAML that readers of version 1.1 understand alike: Kubernetes and Ansible take `yes` for true. */
export function yaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0 })
}
