import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeImageArchive } from '../../src/image/archive.ts'
import { hollowNodeImage } from '../../src/image/hollow-node.ts'
import { createImage } from '../../src/image/image.ts'

/** What the machines' containerd starts pods with. */
export const pauseImage = 'pause:e2e'

/** What plan.yaml calls the hollow nodes’ image. */
const hollowImage = 'hollow-node:e2e'

/** Writes the archives of both images, made of the components in a folder; returns their files. */
export function writeImages(folder: string, binaries: string): string[] {
  const [pause, hollow] = [join(folder, 'pause.tar'), join(folder, 'hollow-node.tar')]
  const program = readFileSync(join(binaries, 'pause'))
  writeImageArchive(pause, pauseImage, createImage({ program: 'pause', binary: program }))
  writeImageArchive(hollow, hollowImage, hollowNodeImage(binaries))
  return [pause, hollow]
}
