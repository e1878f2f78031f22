import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { writeImageArchive } from '../../src/image/archive.ts'
import { createImage } from '../../src/image/image.ts'
import { root } from '../e2e/components.ts'

/** What the machines' containerd starts pods with. */
export const pauseImage = 'pause:e2e'

/** Writes the archive of the image that holds a pod's namespaces; returns its file. */
export function writePauseImage(folder: string, binaries: string): string {
  const archive = join(folder, 'pause.tar')
  const binary = readFileSync(join(binaries, 'pause'))
  writeImageArchive(archive, pauseImage, createImage({ program: 'pause', binary }))
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
