import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskUnder, parseMounts } from './disks.ts'

describe('parseMounts', () => {
  it('should read device, place and file system when optional fields and blanks are in between', () => {
    const mountinfo = [
      '27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard',
      String.raw`90 27 7:0 / /mnt/a\040b/wal-disk rw,relatime - ext4 /dev/loop0 rw`,
      '25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw,size=24684092k',
      '',
    ].join('\n')
    expect(parseMounts(mountinfo)).toEqual([
      { device: '254:0', mountPoint: '/', fileSystem: 'ext4' },
      { device: '7:0', mountPoint: '/mnt/a b/wal-disk', fileSystem: 'ext4' },
      { device: '0:23', mountPoint: '/dev/shm', fileSystem: 'tmpfs' },
    ])
  })
})

describe('diskUnder', () => {
  it('should name one device for two folders of one file system', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scale-test-disks-'))
    try {
      expect(diskUnder(folder)).toEqual(diskUnder(tmpdir()))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('should say that memory is no disk', () => {
    expect(diskUnder('/dev/shm')).toEqual({ kind: 'memory', name: 'tmpfs', fileSystem: 'tmpfs' })
  })
})
