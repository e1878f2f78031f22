import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { exitCodes, Failure, messageOf } from '../base/errors.ts'
import { kindOf, makeTemporaryFolder, readTextFile, remove, sizeBytes } from '../base/files.ts'
import { createShell } from '../base/shell.ts'
import { componentsVariable, readModulePins } from '../components/components.ts'
import { readVersion } from '../components/version.ts'
import { writeImageArchive } from '../image/archive.ts'
import type { Builder } from '../image/builders.ts'
import { buildImage, chooseBuilder, pushImage } from '../image/builders.ts'
import { hollowNodeImage } from '../image/hollow-node.ts'
import { ensureComponents } from './components-command.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'

export interface ImageOptions {
  /** `1.35`; the version that components/go.mod pins when absent. */
  kubernetes?: string
  /** In front of the image's name; the image is pushed there. */
  registry?: string
  builder: Builder | 'auto'
}

/** Builds the hollow-node image, pushes it where a registry is given, and says what it is and how to load it. */
export async function imageCommand(options: ImageOptions, surroundings: Surroundings): Promise<number> {
  const { terminal, env, folders, interruption } = surroundings
  const { signal } = interruption
  const shell = createShell({ env, signal })
  const wanted = { sourceFolder: folders.components, kubernetes: options.kubernetes }
  const pins = readModulePins(wanted)
  const repository = [options.registry, 'hollow-node'].filter((part) => part !== undefined && part !== '').join('/')
  const name = `${repository}:${pins.kubernetes}`
  const archive = join(folders.root, 'images', `hollow-node-${pins.kubernetes}.tar`)

  const withBuilder = (chosen: Exclude<Builder, 'none'>) =>
    withStatusLine(terminal, (onProgress) => {
      onProgress(`building ${name} with ${chosen}`)
      return buildImage({ builder: chosen, name, sourceFolder: folders.components, module: pins.file }, shell)
    })
  const withoutBuilder = async () => {
    const folder = await ensureComponents({ ...wanted, binaries: ['hollow-node'] }, surroundings)
    await requireVersion(join(folder, 'hollow-node'), pins.kubernetes, env)
    const image = hollowNodeImage(folder)
    writeImageArchive(archive, name, image)
    return image.id
  }
  let builder = await chooseBuilder(options.builder, shell)
  let id: string
  if (builder === 'none') id = await withoutBuilder()
  else {
    try {
      id = await withBuilder(builder)
    } catch (error) {
      if (options.builder !== 'auto' || signal.aborted) throw error
      terminal.printError(`${messageOf(error)}\nfalling back to building it without a builder\n`)
      builder = 'none'
      id = await withoutBuilder()
    }
  }
  signal.throwIfAborted()
  terminal.print(`${name}\n  image id  ${id}`)
  if (builder === 'none') describeArchive(archive, terminal.print)
  else terminal.print(`  built with ${builder}`)
  if (options.registry) {
    const digest = await push({ builder, name, archive, shell })
    terminal.print(`  pushed as ${digest === null ? name : `${repository}@${digest}`}`)
  }
  return exitCodes.pass
}

/** The folder of components may be one that the user gives, with what is in it. */
async function requireVersion(program: string, kubernetes: string, env: Surroundings['env']): Promise<void> {
  const version = await readVersion(program, env)
  if (version !== kubernetes)
    throw new Failure('bad-input', `${program} is from Kubernetes ${version}, not ${kubernetes}`, {
      next: `Unset ${componentsVariable}, so that the right version is built (needs Go)`,
    })
}

function describeArchive(archive: string, print: (line: string) => void): void {
  const shown = relative(process.cwd(), archive)
  print(`  archive   ${shown}, ${(sizeBytes(archive) / 2 ** 20).toFixed(1)} MiB`)
  print(`  load it   ctr --namespace k8s.io images import ${shown}     (on every machine of the host cluster)`)
  print(`            docker load --input ${shown}`)
}

async function push(image: Omit<Parameters<typeof pushImage>[0], 'digestFile' | 'readDigest'>) {
  const folder = makeTemporaryFolder(join(tmpdir(), 'scale-test-push-'))
  const digestFile = join(folder, 'digest')
  const readDigest = () => (kindOf(digestFile) === 'file' ? readTextFile(digestFile).trim() : null)
  try {
    return await pushImage({ ...image, digestFile, readDigest })
  } finally {
    remove(folder)
  }
}
