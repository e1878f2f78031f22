import type { Shell } from 'zx/core'
import { $ } from 'zx/core'

export interface ShellOptions {
  env: Readonly<Record<string, string | undefined>>
  cwd?: string
  signal: AbortSignal
}

/**
 * Runs commands whose output is read and not shown, and whose failure is in what they return. When the signal aborts, they end
 * with all their children.
 */
export function createShell({ env, cwd, signal }: ShellOptions): Shell {
  return $({
    ...(cwd === undefined ? {} : { cwd }),
    env: definedOnly(env),
    signal,
    quiet: true,
    nothrow: true,
    // Were it a socket, as Node makes its pipes, bash would read ~/.bashrc, which may change PATH.
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: an abort then ends the command's children too.
    detached: true,
  })
}

function definedOnly(env: ShellOptions['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
