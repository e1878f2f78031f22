import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { findCgroups, hierarchies } from './cgroups.ts'
import type { Traces } from './host-cluster.ts'
import { cgroupOf, idOf } from './layout.ts'
import { binaries, describeWithHostCluster } from './requirements.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-e2e-remote-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Command lines of all processes that have to do with `folder`. */
function processesOf(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const words = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ')
      return words.includes(folder) ? [words] : []
    } catch {
      // No process, or one that has ended.
      return []
    }
  })
}

describeWithHostCluster('a host cluster', () => {
  it('should leave nothing behind when whoever started it is killed', async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'owner.ts'), folder, binaries], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(owner, 'exit')
    const [line] = await Promise.race([
      once(createInterface({ input: owner.stdout }), 'line'),
      ended.then(() => Promise.reject(new Error('it could not be started'))),
    ])
    const traces: Traces = JSON.parse(line)
    expect(traces.processes.some((words) => words.includes('kubelet'))).toBe(true)
    expect(traces.cgroups).not.toEqual([])
    expect(processesOf()).not.toEqual([])
    owner.kill('SIGKILL')
    await ended

    const left = () => ({
      processes: processesOf(),
      cgroups: findCgroups(cgroupOf(idOf(owner.pid ?? 0, folder)), hierarchies()),
      mounts: readFileSync('/proc/self/mountinfo', 'utf8').includes(folder),
      folder: existsSync(folder),
    })
    await vi.waitFor(() => expect(left()).toEqual({ processes: [], cgroups: [], mounts: false, folder: false }), {
      timeout: 20_000,
      interval: 200,
    })
  }, 900_000)
})
