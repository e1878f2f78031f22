import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { binaries, cacheKey, goBuildFlags, locateComponents, readModulePins, requireComponents } from './components.ts'

let folder: string
let source: string

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
  write(join(source, 'go.mod'), 'module x\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes v1.36.3\n)\n')
  write(join(source, 'go.sum'), 'sums\n')
  write(join(source, 'hollow-node', 'main.go'), 'package main\n')
  write(join(source, 'kmsgstub', 'go.mod'), 'module stub\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('cacheKey', () => {
  it('should start with the pinned version when there is one', () => {
    expect(cacheKey(source)).toMatch(/^v1\.36\.3-[0-9a-f]{12}$/)
  })

  it.each(['go.mod', 'go.sum', 'hollow-node/main.go', 'hollow-node/new.go', 'kmsgstub/go.mod'])(
    'should change when %s changes',
    (file) => {
      const before = cacheKey(source)
      write(join(source, file), 'go 1.26.0\n k8s.io/kubernetes v1.36.3 // changed\n')
      expect(cacheKey(source)).not.toBe(before)
    },
  )

  it('should stay when only tests and notes change', () => {
    const before = cacheKey(source)
    write(join(source, 'hollow-node', 'main_test.go'), 'package main\n')
    write(join(source, 'README.md'), 'words\n')
    expect(cacheKey(source)).toBe(before)
  })

  it('should not confuse contents that move from one file to the next', () => {
    const split = (first: string, second: string) => {
      write(join(source, 'a.go'), first)
      write(join(source, 'b.go'), second)
      return cacheKey(source)
    }
    expect(split('ab', '')).not.toBe(split('a', 'b'))
  })
})

describe('readModulePins', () => {
  it('should find both versions in the module of this repository when it is read', () => {
    expect(readModulePins('components')).toEqual({
      kubernetes: expect.stringMatching(/^v1\.\d+\.\d+$/),
      go: expect.stringMatching(/^1\.\d+\.\d+$/),
    })
  })

  it('should say what is missing when go.mod pins no Kubernetes', () => {
    write(join(source, 'go.mod'), 'module x\n\ngo 1.26.0\n')
    expect(() => readModulePins(source)).toThrow('pins no version of k8s.io/kubernetes')
  })
})

describe('goBuildFlags', () => {
  it('should stamp the version into the binaries when it builds them', () => {
    expect(goBuildFlags({ kubernetes: 'v1.36.3', go: '1.26.0' })).toEqual([
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
    expect(locateComponents(source, { SCALE_TEST_COMPONENTS: given })).toEqual({
      folder: given,
      missing: [],
      origin: 'given',
    })
  })

  it('should name what is missing or not executable when a given folder is incomplete', () => {
    const given = installed(join(folder, 'given'), ['etcd', 'kube-apiserver', 'kube-scheduler'])
    chmodSync(join(given, 'etcd'), 0o644)
    const place = locateComponents(source, { SCALE_TEST_COMPONENTS: given })
    expect(place.missing).toEqual(['etcd', 'kube-controller-manager', 'hollow-node'])
    expect(() => requireComponents(place)).toThrow('lacks etcd, kube-controller-manager, hollow-node')
  })

  it('should look in the cache when no folder is given', () => {
    const key = cacheKey(source)
    expect(locateComponents(source, { HOME: '/home/a', SCALE_TEST_COMPONENTS: '' }).folder).toBe(
      `/home/a/.cache/scale-test/components/${key}`,
    )
    const cache = installed(join(folder, 'scale-test', 'components', key))
    const place = locateComponents(source, { HOME: '/home/a', XDG_CACHE_HOME: folder })
    expect(place).toEqual({ folder: cache, missing: [], origin: 'cache' })
    expect(requireComponents(place)).toBe(cache)
  })
})
