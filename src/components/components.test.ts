import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WantedComponents } from './components.ts'
import {
  cacheKey,
  goBuildFlags,
  locateComponents,
  pinnedVersions,
  readModulePins,
  requireComponents,
} from './components.ts'

const binaries = ['etcd', 'kube-apiserver', 'kube-scheduler'] as const

let folder: string
let source: string
let wanted: WantedComponents

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function installed(into: string, names: readonly string[] = binaries): string {
  for (const name of names) {
    write(join(into, name), '#!/bin/sh\n')
    chmodSync(join(into, name), 0o755)
  }
  return into
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-components-'))
  source = join(folder, 'source')
  wanted = { sourceFolder: source, binaries }
  write(join(source, 'go.mod'), 'module x\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes v1.36.3\n)\n')
  write(join(source, 'go.sum'), 'sums\n')
  write(join(source, 'hollow-node', 'main.go'), 'package main\n')
  write(join(source, 'cadvisor', 'go.mod'), 'module stub\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('cacheKey', () => {
  it('should start with the pinned version when there is one', () => {
    expect(cacheKey({ sourceFolder: source })).toMatch(/^v1\.36\.3-[0-9a-f]{12}$/)
  })

  it.each(['go.mod', 'go.sum', 'hollow-node/main.go', 'hollow-node/new.go', 'cadvisor/go.mod'])(
    'should change when %s changes',
    (file) => {
      const before = cacheKey({ sourceFolder: source })
      write(join(source, file), 'go 1.26.0\n k8s.io/kubernetes v1.36.3 // changed\n')
      expect(cacheKey({ sourceFolder: source })).not.toBe(before)
    },
  )

  it('should differ between versions, and not change with the module of another one', () => {
    write(join(source, 'kubernetes-1.35', 'go.mod'), 'go 1.25.0\n k8s.io/kubernetes v1.35.4\n')
    write(join(source, 'kubernetes-1.35', 'go.sum'), '')
    const [before, other] = [cacheKey({ sourceFolder: source }), cacheKey({ sourceFolder: source, kubernetes: '1.35' })]
    expect(other).toMatch(/^v1\.35\.4-/)
    write(join(source, 'kubernetes-1.35', 'go.sum'), 'sums\n')
    expect(cacheKey({ sourceFolder: source })).toBe(before)
    expect(cacheKey({ sourceFolder: source, kubernetes: '1.35' })).not.toBe(other)
  })

  it('should stay when only tests, notes and what describes the components change', () => {
    const before = cacheKey({ sourceFolder: source })
    write(join(source, 'hollow-node', 'main_test.go'), 'package main\n')
    write(join(source, 'README.md'), 'words\n')
    write(join(source, 'describe', 'describe.go'), 'package describe\n')
    expect(cacheKey({ sourceFolder: source })).toBe(before)
  })

  it('should not confuse contents that move from one file to the next', () => {
    const split = (first: string, second: string) => {
      write(join(source, 'a.go'), first)
      write(join(source, 'b.go'), second)
      return cacheKey({ sourceFolder: source })
    }
    expect(split('ab', '')).not.toBe(split('a', 'b'))
  })
})

describe('readModulePins', () => {
  it('should find both versions in the module of this repository when it is read', () => {
    expect(readModulePins({ sourceFolder: 'components' })).toEqual({
      file: 'go.mod',
      kubernetes: expect.stringMatching(/^v1\.\d+\.\d+$/),
      go: expect.stringMatching(/^1\.\d+\.\d+$/),
    })
  })

  it.each(['1.36', '1.35', '1.34'])('should find Kubernetes %s in this repository', (kubernetes) => {
    const pins = readModulePins({ sourceFolder: 'components', kubernetes })
    expect(pins.file).toBe(join(`kubernetes-${kubernetes}`, 'go.mod'))
    expect(pins.kubernetes.startsWith(`v${kubernetes}.`)).toBe(true)
  })

  it('should name the versions there are when another one is wanted', () => {
    write(join(source, 'kubernetes-1.35', 'go.mod'), 'go 1.25.0\n k8s.io/kubernetes v1.35.4\n')
    const file = join('kubernetes-1.35', 'go.mod')
    expect(readModulePins({ sourceFolder: source, kubernetes: '1.36' }).file).toBe('go.mod')
    expect(readModulePins({ sourceFolder: source, kubernetes: '1.35' })).toEqual({
      file,
      kubernetes: 'v1.35.4',
      go: '1.25.0',
    })
    expect(() => readModulePins({ sourceFolder: source, kubernetes: '1.33' })).toThrow(
      expect.objectContaining({ kind: 'bad-input', next: expect.stringContaining('1.36, 1.35') }),
    )
  })

  it('should list the versions by their numbers, the newest first', () => {
    for (const minor of ['1.9', '1.10']) write(join(source, `kubernetes-${minor}`, 'go.mod'), '')
    expect(pinnedVersions(source)).toEqual(['1.36', '1.10', '1.9'])
  })

  it('should say what is missing when go.mod pins no Kubernetes', () => {
    write(join(source, 'go.mod'), 'module x\n\ngo 1.26.0\n')
    expect(() => readModulePins({ sourceFolder: source })).toThrow('pins no version of k8s.io/kubernetes')
  })
})

describe('goBuildFlags', () => {
  it('should stamp the version into the binaries when it builds them', () => {
    expect(goBuildFlags({ file: 'go.mod', kubernetes: 'v1.36.3', go: '1.26.0' })).toEqual([
      '-tags',
      'kubernetes1.36',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      '-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36',
    ])
  })
})

describe('locateComponents', () => {
  it('should use the given folder when SCALE_TEST_COMPONENTS is set', () => {
    const given = installed(join(folder, 'given'))
    expect(locateComponents(wanted, { SCALE_TEST_COMPONENTS: given })).toEqual({
      wanted,
      folder: given,
      missing: [],
      origin: 'given',
    })
  })

  it('should name what is missing or not executable when a given folder is incomplete', () => {
    const given = installed(join(folder, 'given'), ['etcd', 'kube-scheduler'])
    chmodSync(join(given, 'etcd'), 0o644)
    const place = locateComponents(wanted, { SCALE_TEST_COMPONENTS: given })
    expect(place.missing).toEqual(['etcd', 'kube-apiserver'])
    expect(() => requireComponents(place)).toThrow('lacks etcd, kube-apiserver')
  })

  it('should look in the cache when no folder is given', () => {
    const key = cacheKey({ sourceFolder: source })
    expect(locateComponents(wanted, { HOME: '/home/a', SCALE_TEST_COMPONENTS: '' }).folder).toBe(
      `/home/a/.cache/scale-test/components/${key}`,
    )
    const cache = installed(join(folder, 'scale-test', 'components', key))
    const place = locateComponents(wanted, { HOME: '/home/a', XDG_CACHE_HOME: folder })
    expect(place).toEqual({ wanted, folder: cache, missing: [], origin: 'cache' })
    expect(requireComponents(place)).toBe(cache)
  })
})
