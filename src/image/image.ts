import { createHash } from 'node:crypto'
import { Failure } from '../base/errors.ts'
import type { Pieces, TarEntry } from './tar.ts'
import { tar } from './tar.ts'

/** What an image of one static program is made of. */
export interface ImageContents {
  /** Name of the program: it lies in the root folder and is the entry point. */
  program: string
  binary: Uint8Array
  /** What else the program needs to find, folders before what they hold. */
  files?: readonly TarEntry[]
}

/** A container image of one layer. */
export interface Image {
  /** A tar archive. */
  layer: Pieces
  /** Of the layer: `sha256:...` */
  layerDigest: string
  /** JSON (OCI image specification, config.md); Docker's archives and registries take the same. */
  config: Uint8Array
  /** Digest of the configuration, which includes the layer's: what is in the image decides it, and nothing else. */
  id: string
}

/** What containers of an image are started with. */
export interface ContainerDefaults {
  Entrypoint: readonly string[]
  WorkingDir: string
  User?: string
  Env?: readonly string[]
}

/** Puts an image together. Throws `Failure('bad-input')` when the binary is no Linux program of a known architecture. */
export function createImage({ program, binary, files = [] }: ImageContents): Image {
  const layer = tar([...files, { path: program, mode: 0o755, content: [binary] }])
  return imageOf(layer, architectureOf(program, binary), { Entrypoint: [`/${program}`], WorkingDir: '/' })
}

/** The image with this layer, for an architecture by Go's name. */
export function imageOf(layer: Pieces, architecture: string, defaults: ContainerDefaults): Image {
  const layerDigest = digestOf(layer)
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: defaults,
      rootfs: { type: 'layers', diff_ids: [layerDigest] },
    }),
  )
  return { layer, layerDigest, config, id: digestOf([config]) }
}

/** As registries write it: `sha256:...` */
function digestOf(pieces: Pieces): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

/** Go's names by `e_machine` of the ELF header (elf(5)). */
const architectures: Readonly<Record<number, string>> = { 62: 'amd64', 183: 'arm64' }

function architectureOf(program: string, binary: Uint8Array): string {
  const header = Buffer.from(binary.subarray(0, 20))
  const isElf = header.length === 20 && header.toString('latin1', 0, 4) === '\u007fELF'
  const architecture = isElf ? architectures[header.readUInt16LE(18)] : undefined
  if (architecture === undefined)
    throw new Failure(
      'bad-input',
      `${program} is not a Linux program for ${Object.values(architectures).join(' or ')}`,
      {
        next: 'Build it on Linux, for such a machine',
      },
    )
  return architecture
}
