import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { readBytes } from '../base/files.ts'
import type { Image } from './image.ts'
import { createImage } from './image.ts'
import type { TarEntry } from './tar.ts'

/**
 * The image of hollow nodes, with the hollow-node in a folder of components: what components/Dockerfile makes, but for the
 * certificate authorities, which are Node's here. Throws what the file system throws, and `Failure('bad-input')`.
 */
export function hollowNodeImage(folder: string): Image {
  return createImage({ program: 'hollow-node', binary: readBytes(join(folder, 'hollow-node')), files })
}

const files: readonly TarEntry[] = [
  { path: 'etc', mode: 0o755 },
  textFile('etc/passwd', 'root:x:0:0:root:/tmp:/sbin/nologin\n'),
  { path: 'etc/ssl', mode: 0o755 },
  { path: 'etc/ssl/certs', mode: 0o755 },
  textFile('etc/ssl/certs/ca-certificates.crt', `${rootCertificates.join('\n')}\n`),
  // Whoever pods run as writes here.
  { path: 'tmp', mode: 0o1777 },
]

function textFile(path: string, text: string): TarEntry {
  return { path, mode: 0o644, content: [Buffer.from(text)] }
}
