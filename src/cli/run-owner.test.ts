import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isGoingOn, leaveFolder, takeFolder } from './run-owner.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-owner-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = () => join(folder, 'owner.json')
const owner = () => JSON.parse(readFileSync(file(), 'utf8'))
const write = (changes: object) => writeFileSync(file(), JSON.stringify({ ...owner(), ...changes }))

describe('takeFolder', () => {
  it('should refuse a folder whose owner is alive, and leave it to that', () => {
    takeFolder(folder)
    const before = owner()
    expect(isGoingOn(folder)).toBe(true)
    expect(() => takeFolder(folder)).toThrow(`is still in progress: process ${process.pid} is running it`)
    expect(owner()).toEqual(before)
    leaveFolder(folder)
    expect(isGoingOn(folder)).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each<[string, object]>([
    ['has ended', { pid: 2 ** 22 + 1 }],
    ['ended with an earlier start of the machine', { bootId: 'another' }],
    ['ended, and whose number is another’s by now', { startTicks: '1' }],
  ])('should take a folder whose owner %s', (_, changes) => {
    takeFolder(folder)
    write(changes)
    expect(isGoingOn(folder)).toBe(false)
    takeFolder(folder)
    expect(owner().pid).toBe(process.pid)
    expect(isGoingOn(folder)).toBe(true)
    expect(readdirSync(folder)).toEqual(['owner.json'])
  })

  it('should take a folder whose owner was killed while it said so', () => {
    writeFileSync(file(), '')
    takeFolder(folder)
    expect(owner().pid).toBe(process.pid)
  })

  it('should refuse a folder of another machine, whose processes cannot be seen', () => {
    takeFolder(folder)
    write({ host: 'elsewhere', pid: 2 ** 22 + 1 })
    expect(() => takeFolder(folder)).toThrow('another machine, elsewhere')
  })
})
