import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { writeImageArchive } from '../../src/image/archive.ts'
import type { ImageContents } from '../../src/image/image.ts'
import { createImage } from '../../src/image/image.ts'
import { root } from '../e2e/components.ts'

/** What the machines' containerd starts pods with. */
export const pauseImage = 'pause:e2e'

/** Writes the archive of the image that holds a pod's namespaces; returns its file. */
export function writePauseImage(folder: string, binaries: string): string {
  return writeProgramImage(folder, binaries, { image: pauseImage, program: 'pause' })
}

/** Writes the archive of an image of a program among the components, and of `files` beside it; returns its file. */
export function writeProgramImage(
  folder: string,
  binaries: string,
  { image, program, files }: { image: string } & Omit<ImageContents, 'binary'>,
): string {
  const archive = join(folder, `${program}.tar`)
  const binary = readFileSync(join(binaries, program))
  writeImageArchive(archive, image, createImage({ program, binary, ...(files !== undefined && { files }) }))
  return archive
}

/** Has the hollow nodes' image built by a command that says where its archive is, and takes that into `folder`. */
export function buildHollowImage(command: string, folder: string, binaries: string): string {
  const wasThere = existsSync(join(root, 'images'))
  const env = { ...process.env, SCALE_TEST_COMPONENTS: binaries }
  const said = execFileSync('sh', ['-c', command], { cwd: root, env, encoding: 'utf8' })
  const [, made = ''] = /^ {2}archive +(\S+),/m.exec(said) ?? []
  if (made === '') throw new Error(`${command} does not say where its archive is:\n${said}`)
  const archive = join(folder, 'hollow-node.tar')
  copyFileSync(join(root, made), archive)
  if (!wasThere) rmSync(join(root, 'images'), { recursive: true })
  return archive
}
