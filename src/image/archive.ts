import { writeFileWhole } from '../base/files.ts'
import type { Image } from './image.ts'
import type { Pieces } from './tar.ts'
import { tar } from './tar.ts'

/**
 * An image as `docker save` writes it (Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset Format"),
 * which `ctr --namespace k8s.io images import`, `docker load` and `podman load` read. The same image and name give the same
 * bytes. `name` is `[<registry>/]<repository>:<tag>`.
 */
function imageArchive(name: string, { config, id, layer, layerDigest }: Image): Pieces {
  const [configFile, layerFile] = [`${hexOf(id)}.json`, `${hexOf(layerDigest)}.tar`]
  const manifest = [{ Config: configFile, RepoTags: [name], Layers: [layerFile] }]
  return tar([
    { path: 'manifest.json', mode: 0o644, content: [Buffer.from(JSON.stringify(manifest))] },
    { path: configFile, mode: 0o644, content: [config] },
    { path: layerFile, mode: 0o644, content: layer },
  ])
}

/** Writes `imageArchive` into a file, whole or not at all. Throws what the file system throws. */
export function writeImageArchive(file: string, name: string, image: Image): void {
  writeFileWhole(file, imageArchive(name, image))
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}
