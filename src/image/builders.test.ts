import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createShell } from '../base/shell.ts'
import { buildImage, chooseBuilder, pushImage } from './builders.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-builders-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A program of this name that notes its arguments and does what `script` says. */
function install(program: string, script: string): void {
  const file = join(folder, program)
  writeFileSync(file, `#!/bin/bash\nprintf '%s\\n' "$*" >> ${join(folder, `${program}.calls`)}\n${script}\n`)
  chmodSync(file, 0o755)
}

const shell = () => createShell({ env: { PATH: `${folder}:/usr/bin:/bin` }, signal: new AbortController().signal })
const withoutPrograms = () => createShell({ env: { PATH: folder }, signal: new AbortController().signal })
const callsOf = (program: string) =>
  readFileSync(join(folder, `${program}.calls`), 'utf8')
    .trim()
    .split('\n')
const id = `sha256:${'a'.repeat(64)}`

describe('chooseBuilder', () => {
  it('should take docker only when its engine answers', async () => {
    install('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    install('buildah', '')
    expect(await chooseBuilder('auto', shell())).toBe('buildah')
    install('docker', '')
    expect(await chooseBuilder('auto', shell())).toBe('docker')
  })

  it('should do without when there is none, and say why when one was asked for', async () => {
    install('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    install('buildah', 'exit 1')
    expect(await chooseBuilder('auto', shell())).toBe('none')
    await expect(chooseBuilder('docker', shell())).rejects.toThrow('docker does not work here: Cannot connect')
    rmSync(join(folder, 'buildah'))
    await expect(chooseBuilder('buildah', withoutPrograms())).rejects.toThrow('buildah does not work here')
  })
})

describe('buildImage', () => {
  const options = {
    name: 'r.example/hollow-node:v1.35.9',
    sourceFolder: '/components',
    module: 'kubernetes-1.35/go.mod',
  }

  it.each(['docker', 'buildah'] as const)('should have %s build that version from the Dockerfile', async (builder) => {
    install(builder, `echo ${builder === 'docker' ? id : id.slice(7)}`)
    expect(await buildImage({ ...options, builder }, shell())).toBe(id)
    const [call] = callsOf(builder)
    for (const part of [
      '--tag r.example/hollow-node:v1.35.9',
      '--file /components/Dockerfile',
      '--build-arg MODULE=kubernetes-1.35/go.mod /components',
    ])
      expect(call).toContain(part)
  })

  it('should pass on the last words of a builder that fails', async () => {
    install('buildah', 'echo "no space left on device" >&2; exit 125')
    await expect(buildImage({ ...options, builder: 'buildah' }, shell())).rejects.toThrow('no space left on device')
  })
})

describe('pushImage', () => {
  const push = (builder: 'docker' | 'buildah' | 'none', registry = 'r.example') => {
    const digestFile = join(folder, 'digest')
    const image = { builder, name: `${registry}/hollow-node:v1`, archive: '/images/hollow-node.tar' }
    return pushImage({ ...image, shell: shell(), digestFile, readDigest: () => readFileSync(digestFile, 'utf8') })
  }

  it('should tell the digest that the registry gave', async () => {
    install('docker', `echo "v1: digest: ${id} size: 527"`)
    expect(await push('docker')).toBe(id)
    install('buildah', `printf ${id} > "$4"`)
    expect(await push('buildah')).toBe(id)
    install('skopeo', `printf ${id} > "$4"`)
    expect(await push('none')).toBe(id)
    expect(callsOf('skopeo')[0]).toMatch(
      /docker-archive:\/images\/hollow-node.tar docker:\/\/r.example\/hollow-node:v1$/,
    )
  })

  it.each([
    ['r.example', true],
    ['127.r.example', true],
    ['localhost.r.example', true],
    ['127.0.0.1:5000/team', false],
    ['localhost', false],
    ['[::1]:5000', false],
  ])('should ask %s for TLS: %s', async (registry, tls) => {
    install('buildah', `printf ${id} > "$4"`)
    install('skopeo', `printf ${id} > "$4"`)
    await push('buildah', registry)
    await push('none', registry)
    expect(callsOf('buildah')[0]).toContain(`push --tls-verify=${tls} `)
    expect(callsOf('skopeo')[0]).toContain(`copy --dest-tls-verify=${tls} `)
  })

  it('should say what to do when an archive cannot be pushed', async () => {
    install('skopeo', 'echo "unauthorized" >&2; exit 1')
    await expect(push('none')).rejects.toThrow('r.example/hollow-node:v1 cannot be pushed:\nunauthorized')
  })
})
