import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { writeImageArchive } from '../../src/image/archive.ts'
import { imageOf } from '../../src/image/image.ts'
import { root } from '../e2e/components.ts'
import type { Recipe } from './recipe.ts'

/**
 * Writes the archive of the image that a recipe's Dockerfile makes, under the name that its CronJob has for it, without a
 * builder or a network: this machine's Node is the base image, and packages are those that are installed here. Returns its
 * file. Throws for an instruction that the recipe does not need so far.
 */
export function writeOrchestratorImage(folder: string, { dockerfile, cronJob }: Recipe): string {
  const layer = join(folder, 'orchestrator-layer.tar')
  const defaults = { Entrypoint: [''], WorkingDir: '/', User: 'root', Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] }
  /** Adds what is in a folder to the layer, with the beginning of its paths replaced. */
  const add = (from: string, paths: readonly string[], beginning: string, by: string) => {
    const transform = `--transform=flags=r;s,^${beginning},${by.slice(1)},`
    const owner = ['--owner=0', '--group=0']
    execFileSync('tar', ['--append', `--file=${layer}`, ...owner, `--directory=${from}`, transform, ...paths])
  }
  const instructions: Readonly<Record<string, (words: string) => void>> = {
    FROM(base) {
      if (base !== 'node:24-bookworm-slim') throw new Error(`no base image stands for ${base}`)
      add(layOutNode(folder), ['.'], '', '/')
    },
    WORKDIR(path) {
      defaults.WorkingDir = path
    },
    COPY(words) {
      const paths = words.split(' ')
      const to = join(defaults.WorkingDir, paths.pop() ?? '')
      const isFile = (path: string) => statSync(join(root, path)).isFile()
      for (const path of paths) add(root, [path], path, isFile(path) ? join(to, basename(path)) : to)
    },
    RUN(command) {
      if (command !== 'npm ci --omit=dev --omit=optional') throw new Error(`nothing stands for ${command}`)
      add(root, neededPackages(), '', join(defaults.WorkingDir, '/'))
    },
    USER(name) {
      defaults.User = name
    },
    ENTRYPOINT(words) {
      defaults.Entrypoint = JSON.parse(words)
    },
  }
  for (const line of dockerfile.trim().split('\n')) {
    const [, name = '', words = ''] = /^(\S+) (.+)$/.exec(line) ?? []
    const follow = instructions[name]
    if (follow === undefined) throw new Error(`nothing stands for ${line}`)
    follow(words)
  }
  const [container] = cronJob.spec.jobTemplate.spec.template.spec.containers
  const archive = join(folder, 'orchestrator.tar')
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  writeImageArchive(archive, container?.image ?? '', imageOf([readFileSync(layer)], architecture, defaults))
  return archive
}

/** Makes a folder of what the base image has and the program needs: Node with its libraries, users by name, a place for temporary files. */
function layOutNode(folder: string): string {
  const files = join(folder, 'orchestrator-base')
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)
  for (const [, path = ''] of libraries) cpSync(realpathSync(path), join(files, path))
  cpSync(realpathSync(process.execPath), join(files, 'usr', 'local', 'bin', 'node'))
  mkdirSync(join(files, 'etc'))
  writeFileSync(join(files, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
  mkdirSync(join(files, 'tmp'))
  chmodSync(join(files, 'tmp'), 0o1777)
  return files
}

/** Folders of the packages that npm installs when it is to leave out those of developers, and optional ones. */
function neededPackages(): string[] {
  interface Package {
    dev?: boolean
    optional?: boolean
    devOptional?: boolean
  }
  const lock: { packages: Record<string, Package> } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(lock.packages)
    .filter(([folder, { dev, optional, devOptional }]) => folder !== '' && !dev && !optional && !devOptional)
    .map(([folder]) => folder)
    .filter((folder, _, all) => !all.some((other) => folder.startsWith(`${other}/`)))
}
