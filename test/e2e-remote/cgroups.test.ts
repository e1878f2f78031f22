import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCgroup, findCgroups, hierarchiesIn, removeCgroup } from './cgroups.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scale-test-cgroups-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('hierarchiesIn', () => {
  it('should find v1 by controller, v2, and both beside each other', () => {
    const text = [
      '30 23 0:26 / /sys/fs/cgroup/cpu rw,nosuid - cgroup cgroup rw,cpu',
      '31 23 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw',
      '32 23 0:28 / /proc rw - proc proc rw',
    ].join('\n')
    expect(hierarchiesIn(text)).toEqual([
      { version: 1, mountPoint: '/sys/fs/cgroup/cpu' },
      { version: 2, mountPoint: '/sys/fs/cgroup/unified' },
    ])
  })
})

describe('createCgroup', () => {
  it('should copy cpusets down with v1, where an empty one admits no process', () => {
    const mountPoint = join(root, 'cpuset')
    mkdirSync(join(mountPoint, 'a', 'b'), { recursive: true })
    for (const [folder, cpus] of [
      ['', '0-1\n'],
      ['a', '\n'],
      ['a/b', '\n'],
    ] as const) {
      writeFileSync(join(mountPoint, folder, 'cpuset.cpus'), cpus)
      writeFileSync(join(mountPoint, folder, 'cpuset.mems'), folder === '' ? '0\n' : '\n')
    }
    createCgroup('/a/b', [{ version: 1, mountPoint }])
    expect(readFileSync(join(mountPoint, 'a', 'b', 'cpuset.cpus'), 'utf8')).toBe('0-1\n')
    expect(readFileSync(join(mountPoint, 'a', 'b', 'cpuset.mems'), 'utf8')).toBe('0\n')
  })

  it('should pass controllers down with v2, but none that is passed down already', () => {
    const mountPoint = join(root, 'unified')
    mkdirSync(join(mountPoint, 'a'), { recursive: true })
    for (const folder of ['', 'a']) {
      writeFileSync(join(mountPoint, folder, 'cgroup.controllers'), 'cpu memory misc\n')
      writeFileSync(join(mountPoint, folder, 'cgroup.subtree_control'), folder === '' ? 'cpu memory\n' : 'memory\n')
    }
    createCgroup('/a', [{ version: 2, mountPoint }])
    expect(readFileSync(join(mountPoint, 'cgroup.subtree_control'), 'utf8')).toBe('cpu memory\n')
    expect(readFileSync(join(mountPoint, 'a', 'cgroup.subtree_control'), 'utf8')).toBe('+cpu')
  })

  it('should pass no controllers on with v2 when processes are to be in it', () => {
    const mountPoint = join(root, 'processes')
    mkdirSync(join(mountPoint, 'a'), { recursive: true })
    for (const folder of ['', 'a']) {
      writeFileSync(join(mountPoint, folder, 'cgroup.controllers'), 'memory\n')
      writeFileSync(join(mountPoint, folder, 'cgroup.subtree_control'), '')
    }
    createCgroup('/a', [{ version: 2, mountPoint }], 'processes')
    expect(readFileSync(join(mountPoint, 'cgroup.subtree_control'), 'utf8')).toBe('+memory')
    expect(readFileSync(join(mountPoint, 'a', 'cgroup.subtree_control'), 'utf8')).toBe('')
  })
})

describe('removeCgroup', () => {
  it('should remove all below it and tell what is left', () => {
    const among = [{ version: 2, mountPoint: root }] as const
    mkdirSync(join(root, 'a', 'b', 'c'), { recursive: true })
    mkdirSync(join(root, 'other'))
    expect(findCgroups('/a', among)).toEqual(['a/b/c', 'a/b', 'a'].map((path) => join(root, path)))
    writeFileSync(join(root, 'a', 'b', 'busy'), '')
    expect(removeCgroup('/a', among)).toEqual(['a/b', 'a'].map((path) => join(root, path)))
    rmSync(join(root, 'a', 'b', 'busy'))
    expect(removeCgroup('/a', among)).toEqual([])
    expect(findCgroups('/other', among)).toHaveLength(1)
  })
})
