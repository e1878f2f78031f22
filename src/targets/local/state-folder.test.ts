import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { loopDevicesBelow, mountPointsBelow, removeArmState, removeState } from './state-folder.ts'
import { loopDisk, requireWalDisk, setUpWalDisk } from './wal-disk.ts'

let folder: string
let state: string
const env = { PATH: process.env['PATH'] ?? '' }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-state-'))
  state = join(folder, 'state', 'tuned-1')
  mkdirSync(state, { recursive: true })
})
afterEach(async () => {
  await removeArmState(state, systemClock)
  rmSync(folder, { recursive: true })
})

const canLoop = (() => {
  try {
    requireWalDisk(loopDisk, env)
    return true
  } catch {
    return false
  }
})()

describe('a write-ahead log on another disk', () => {
  it('should be a folder of the arm’s own there, gone with its state, and nothing else', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(join(disk, 'scale-test-wal-of-another-run'), { recursive: true })
    const wal = await setUpWalDisk({ walDisk: disk, stateFolder: state, name: 'run-1', members: 3, env })
    writeFileSync(join(wal, 'segment'), 'x')
    expect(await removeState(join(folder, 'state'), systemClock)).toEqual([])
    expect([existsSync(wal), existsSync(join(folder, 'state'))]).toEqual([false, false])
    expect(existsSync(join(disk, 'scale-test-wal-of-another-run'))).toBe(true)
  })

  it('should remove no folder that is not a write-ahead log, whatever the state says', async () => {
    const precious = join(folder, 'precious')
    mkdirSync(precious)
    writeFileSync(join(state, 'elsewhere'), precious)
    expect(await removeArmState(state, systemClock)).toEqual([])
    expect(existsSync(precious)).toBe(true)
  })

  it('should be refused, with what to do, when it is no folder', () => {
    expect(() => requireWalDisk(join(folder, 'none'), env)).toThrow(
      expect.objectContaining({ kind: 'infrastructure', message: expect.stringContaining('is not a folder') }),
    )
  })

  it('should be refused, with what to do, when what a loop device takes is missing', () => {
    expect(() => requireWalDisk(loopDisk, { PATH: folder })).toThrow(
      expect.objectContaining({ next: expect.stringContaining('instead of loop') }),
    )
  })
})

describe.skipIf(!canLoop)('a write-ahead log on a loop device (root only)', () => {
  it('should be mounted below the arm’s state, and gone with it, also when a file on it is open no more', async () => {
    const wal = await setUpWalDisk({ walDisk: loopDisk, stateFolder: state, name: 'run-1', members: 1, env })
    expect(mountPointsBelow(state)).toEqual([wal])
    const devices = loopDevicesBelow(state)
    expect(devices).toHaveLength(1)
    writeFileSync(join(wal, 'segment'), 'x')
    expect(await removeArmState(state, systemClock)).toEqual([])
    expect(mountPointsBelow(folder)).toEqual([])
    expect(loopDevicesBelow(state)).toEqual([])
    expect(existsSync(state)).toBe(false)
  })
})
