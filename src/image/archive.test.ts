import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { writeImageArchive } from './archive.ts'
import { hollowNodeImage } from './hollow-node.ts'
import { createImage } from './image.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-archive-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** As much of an ELF header as tells the architecture, and something behind it. */
function program(machine: number, behind = 'code'): Buffer {
  const header = Buffer.alloc(20)
  header.write('\u007fELF', 'latin1')
  header.writeUInt16LE(machine, 18)
  return Buffer.concat([header, Buffer.from(behind)])
}

const [x86, arm, riscv] = [62, 183, 243]
const image = (binary = program(x86)) => createImage({ program: 'pause', binary })
const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A file of an archive, by the system's tar. */
function fileIn(archive: string, path: string): Buffer {
  return execFileSync('tar', ['-xOf', archive, path], { maxBuffer: 1 << 28 })
}

function written(name: string, from = image()): string {
  const archive = join(folder, 'image.tar')
  writeImageArchive(archive, name, from)
  return archive
}

describe('writeImageArchive', () => {
  it('should name an image whose digests are those of what the archive holds', () => {
    const archive = written('registry.example:5000/team/pause:v1')
    const [entry, ...others] = JSON.parse(fileIn(archive, 'manifest.json').toString())
    expect(others).toEqual([])
    expect(entry.RepoTags).toEqual(['registry.example:5000/team/pause:v1'])
    const config = fileIn(archive, entry.Config)
    expect(sha256(config)).toBe(image().id)
    expect(entry.Config).toBe(`${image().id.slice(7)}.json`)
    expect(entry.Layers).toHaveLength(1)
    expect(JSON.parse(config.toString())).toEqual({
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/pause'], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [sha256(fileIn(archive, entry.Layers[0]))] },
    })
  })

  it('should write the same bytes for the same image, and others for another program', () => {
    const bytes = () => readFileSync(written('pause:v1'))
    const first = bytes()
    expect(bytes().equals(first)).toBe(true)
    expect(image(program(x86, 'other')).id).not.toBe(image().id)
  })
})

describe('createImage', () => {
  it('should take the architecture from the program', () => {
    const architectureOf = (machine: number) =>
      JSON.parse(Buffer.from(image(program(machine)).config).toString()).architecture
    expect([x86, arm].map(architectureOf)).toEqual(['amd64', 'arm64'])
  })

  it.each([
    ['no program', Buffer.from('#!/bin/sh\n'.repeat(5))],
    ['nothing', Buffer.alloc(0)],
    ['of another kind', program(riscv)],
  ])('should refuse a file that is %s', (_, binary) => {
    expect(() => image(binary)).toThrow(Failure)
    expect(() => image(binary)).toThrow('pause is not a Linux program for amd64 or arm64')
  })
})

describe('hollowNodeImage', () => {
  it('should hold what the Dockerfile puts into the image', () => {
    writeFileSync(join(folder, 'hollow-node'), program(x86))
    const archive = written('hollow-node:v1.36.3', hollowNodeImage(folder))
    const [{ Layers: layers }] = JSON.parse(fileIn(archive, 'manifest.json').toString())
    const layer = join(folder, 'layer.tar')
    writeFileSync(layer, fileIn(archive, layers[0]))
    const listed = execFileSync('tar', ['-tvf', layer], { encoding: 'utf8' }).trim().split('\n')
    expect(listed.map((line) => line.replace(/ .* /, ' '))).toEqual([
      'drwxr-xr-x etc/',
      '-rw-r--r-- etc/passwd',
      'drwxr-xr-x etc/ssl/',
      'drwxr-xr-x etc/ssl/certs/',
      '-rw-r--r-- etc/ssl/certs/ca-certificates.crt',
      'drwxrwxrwt tmp/',
      '-rwxr-xr-x hollow-node',
    ])
    expect(fileIn(layer, 'hollow-node').equals(program(x86))).toBe(true)
    expect(fileIn(layer, 'etc/passwd').toString()).toMatch(/^root:x:0:0:/)
    const certificates = fileIn(layer, 'etc/ssl/certs/ca-certificates.crt').toString()
    expect(certificates.match(/-----BEGIN CERTIFICATE-----\n/g)?.length).toBeGreaterThan(100)
    expect(certificates.match(/-----END CERTIFICATE-----\n/g)?.length).toBeGreaterThan(100)
  })
})
