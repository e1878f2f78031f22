import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { localBinaries } from './binaries.ts'
import { localTarget } from './index.ts'

let folder: string
let env: Record<string, string>

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

function module(path: string, kubernetes: string): void {
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'go.mod'), `go 1.26.0\n k8s.io/kubernetes ${kubernetes}\n`)
  writeFileSync(join(path, 'go.sum'), '')
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-versions-'))
  module(join(folder, 'source'), 'v1.37.2')
  module(join(folder, 'source', 'kubernetes-1.36'), 'v1.36.3')
  mkdirSync(join(folder, 'bin'))
  program(
    join(folder, 'bin', 'go'),
    `if [ "$1" = env ]; then echo go1.26.8; exit; fi
for last in "$@"; do [ "$before" = -o ] && out="$last"; before="$last"; done
echo > "$out"; chmod +x "$out"`,
  )
  env = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, XDG_CACHE_HOME: join(folder, 'cache') }
})
afterEach(() => rmSync(folder, { recursive: true }))

async function prepare(...kubernetes: (string | undefined)[]): Promise<string[]> {
  const told: string[] = []
  const target = localTarget({
    runId: 'versions-1',
    runFolder: join(folder, 'run'),
    componentsSource: join(folder, 'source'),
    env,
    clock: systemClock,
  })
  await target.prepare({
    fleet: { nodes: 1, nodesPerProcess: 1, node: { cpu: 1, memory: '1Gi' } },
    arms: kubernetes.map((version) => ({ name: version ?? 'usual', kubernetes: version, requests: [] })),
    signal: new AbortController().signal,
    onProgress: (text) => told.push(text),
  })
  return told
}

describe('target local', () => {
  it('should build every version that the arms use before anything starts, side by side and once', async () => {
    const told = await prepare('1.36', undefined)
    const cache = join(folder, 'cache', 'scale-test', 'components')
    const built = readdirSync(cache).sort()
    expect(built.map((name) => name.replace(/-.*/, ''))).toEqual(['v1.36.3', 'v1.37.2'])
    for (const name of built) expect(readdirSync(join(cache, name)).sort()).toEqual([...localBinaries].sort())
    expect(told).toContainEqual(expect.stringMatching(/^Kubernetes v1\.36\.3: building etcd \(1 of 6\)/))
    expect(await prepare('1.36', '1.37', undefined)).toEqual([])
  })

  it('should refuse a version that the folder of the user does not hold', async () => {
    const given = join(folder, 'given')
    mkdirSync(given)
    for (const binary of localBinaries) program(join(given, binary), 'echo Kubernetes v1.36.9')
    env['SCALE_TEST_COMPONENTS'] = given
    await prepare(undefined, '1.36')
    await expect(prepare('1.36', '1.37')).rejects.toMatchObject({
      kind: 'bad-input',
      message: `SCALE_TEST_COMPONENTS=${given} holds Kubernetes v1.36.9, not 1.37`,
    })
  })
})
