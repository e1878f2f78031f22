import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { timeSyncs } from '../../base/files.ts'
import { etcdDisk, syncFinding } from './etcd-disk.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-disk-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the disk of etcd', () => {
  it('should be timed and leave nothing behind, also where the folder is still to be made', () => {
    const [finding] = etcdDisk(join(folder, 'reports', 'run'))
    expect(finding?.what).toMatch(/^disk of etcd: .*; fdatasync p99 \d+\.\d ms in \d+ writes of 8 KiB$/)
    expect(readdirSync(folder)).toEqual([])
  })

  it('should stop after its time, but not before the first write', () => {
    let now = 0
    const nowMs = () => now++ * 100
    expect(timeSyncs(folder, { writes: 50, bytes: 10, totalMs: 1000 }, nowMs).length).toBeLessThan(6)
    expect(timeSyncs(folder, { writes: 50, bytes: 10, totalMs: 0 }, nowMs)).toEqual([100])
  })

  it('should say nothing where nothing can be written', () => {
    expect(etcdDisk('/proc/none')).toEqual([])
  })

  it.each([
    [[...new Array(49).fill(1), 9.9], 'has'],
    [[...new Array(49).fill(1), 10], 'limits'],
  ])('should be held against etcd’s limit by its p99', (takenMs, state) => {
    expect(syncFinding(takenMs, 'not rotational').state).toBe(state)
  })
})
