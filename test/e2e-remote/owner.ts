import process from 'node:process'
import { systemClock } from '../../src/base/clock.ts'
import { startHostCluster } from './host-cluster.ts'
import { pauseImage, writePauseImage } from './images.ts'

// owner.ts <folder> <folder of binaries>: starts a host cluster, says so, and never stops it.

const [folder = '', binaries = ''] = process.argv.slice(2)
const images = [writePauseImage(folder, binaries)]
const cluster = await startHostCluster({ folder, hosts: 1, binaries, images, pauseImage, clock: systemClock })
process.stdout.write(`${JSON.stringify(cluster.inspect())}\n`)
await systemClock.sleep(2 ** 31 - 1)
