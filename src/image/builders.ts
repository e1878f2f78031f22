import { join } from 'node:path'
import type { Shell } from 'zx/core'
import { Failure } from '../base/errors.ts'

/** What can make the image: a program that reads components/Dockerfile, or none, and then this program writes an archive itself. */
export const builders = ['docker', 'buildah', 'none'] as const
export type Builder = (typeof builders)[number]

/** The builder asked for, or the first one that works here. Throws `Failure('infrastructure')` when the one asked for does not. */
export async function chooseBuilder(asked: Builder | 'auto', shell: Shell): Promise<Builder> {
  if (asked === 'none') return asked
  const candidates = asked === 'auto' ? (['docker', 'buildah'] as const) : [asked]
  for (const builder of candidates) {
    // The client alone builds nothing: its engine has to answer.
    const found = builder === 'docker' ? await shell`docker info` : await shell`buildah version`
    if (found.ok) return builder
    if (asked === builder)
      throw new Failure('infrastructure', `${builder} does not work here: ${lastLine(found.stderr)}`, {
        next: 'Start or install it, or leave BUILDER out: without a builder the image is written as an archive',
      })
  }
  return 'none'
}

export interface BuildImageOptions {
  builder: Exclude<Builder, 'none'>
  /** `[<registry>/]hollow-node:v1.36.3` */
  name: string
  /** Folder with the Dockerfile. */
  sourceFolder: string
  /** The go.mod that pins the version, relative to that folder. */
  module: string
}

/** Builds the image from the Dockerfile, and returns its id. Throws `Failure('infrastructure')` with the builder's last words. */
export async function buildImage({ builder, name, sourceFolder, module }: BuildImageOptions, shell: Shell) {
  const dockerfile = join(sourceFolder, 'Dockerfile')
  const argument = `MODULE=${module}`
  const built =
    builder === 'docker'
      ? await shell`docker build --quiet --tag ${name} --file ${dockerfile} --build-arg ${argument} ${sourceFolder}`
      : await shell`buildah build --quiet --layers --tag ${name} --file ${dockerfile} --build-arg ${argument} ${sourceFolder}`
  if (!built.ok)
    throw new Failure('infrastructure', `${builder} cannot build ${name}:\n${lastLines(built.stderr)}`, {
      next: 'Check that the registry of the base images is reachable; BUILDER=none needs only Go',
    })
  const id = lastLine(built.stdout)
  return id.startsWith('sha256:') ? id : `sha256:${id}`
}

/**
 * Pushes an image under its name: with the builder that has it or, for an archive, with skopeo. Returns the digest under which the registry
 * has it, null when the program does not tell. Throws `Failure('infrastructure')`.
 */
export async function pushImage({
  builder,
  name,
  archive,
  digestFile,
  readDigest,
  shell,
}: {
  builder: Builder
  name: string
  archive: string
  /** Where a program other than docker writes the digest; `readDigest` reads it then. */
  digestFile: string
  readDigest: () => string | null
  shell: Shell
}): Promise<string | null> {
  // The registry of this machine needs no TLS; docker knows that by itself.
  const verify = `tls-verify=${!isOnThisMachine(name)}`
  const pushed =
    builder === 'docker'
      ? await shell`docker push ${name}`
      : builder === 'buildah'
        ? await shell`buildah push --${verify} --digestfile ${digestFile} ${name}`
        : await shell`skopeo copy --dest-${verify} --digestfile ${digestFile} ${`docker-archive:${archive}`} ${`docker://${name}`}`
  if (!pushed.ok)
    throw new Failure('infrastructure', `${name} cannot be pushed:\n${lastLines(pushed.stderr)}`, {
      next:
        builder === 'none'
          ? `Without docker or buildah, skopeo pushes the image: install it and log in, or load ${archive} on a machine that can push it`
          : `Log in with ${builder} login, and check IMAGE_REGISTRY`,
    })
  return builder === 'docker' ? (/sha256:[0-9a-f]{64}/.exec(pushed.stdout)?.[0] ?? null) : readDigest()
}

function isOnThisMachine(name: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])[:/]/.test(name)
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-10).join('\n')
}
