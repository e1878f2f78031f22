import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import type { BuildOptions, BuildProgress } from './build.ts'
import { buildComponents } from './build.ts'
import type { Binary, ComponentsPlace } from './components.ts'
import { locateComponents, versionBinaries } from './components.ts'

let folder: string
let source: string
let env: Record<string, string>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-build-'))
  source = join(folder, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'go.mod'), 'module x\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes v1.36.3\n)\n')
  writeFileSync(join(source, 'go.sum'), 'sums\n')
  env = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, XDG_CACHE_HOME: join(folder, 'cache') }
  goDoes('')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A go that knows its version and writes its arguments into the file it is asked to build; `first` runs before. */
function goDoes(first: string, version = 'go1.26.8'): void {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  const file = join(folder, 'bin', 'go')
  writeFileSync(
    file,
    `#!/bin/sh
if [ "$1" = env ]; then echo ${version}; exit; fi
${first}
for last in "$@"; do [ "$before" = -o ] && out="$last"; before="$last"; done
echo "CGO_ENABLED=$CGO_ENABLED $*" > "$out"; chmod +x "$out"
`,
  )
  chmodSync(file, 0o755)
}

function locate(binaries: readonly Binary[] = versionBinaries, kubernetes?: string): ComponentsPlace {
  return locateComponents({ sourceFolder: source, kubernetes, binaries }, env)
}

function build(options: Partial<BuildOptions> = {}, place = locate()): Promise<void> {
  return buildComponents(place, {
    env,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...options,
  })
}

async function failureOf(work: Promise<void>): Promise<Failure> {
  const error: unknown = await work.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Failure)
  return error as Failure
}

describe('buildComponents', () => {
  it('should build every binary statically and tell which when none is there', async () => {
    const seen: BuildProgress[] = []
    await build({ onProgress: (progress) => seen.push(progress) })
    expect(locate().missing).toEqual([])
    expect(seen.map(({ binary, number, of }) => [binary, number, of])).toEqual(
      versionBinaries.map((binary, index) => [binary, index + 1, 8]),
    )
    const command = readFileSync(join(locate().folder, 'kube-apiserver'), 'utf8')
    expect(command).toMatch(
      /^CGO_ENABLED=0 build -tags kubernetes1\.36 -trimpath .*gitVersion=v1\.36\.3.* k8s\.io\/kubernetes\/cmd\/kube-apiserver\n$/,
    )
  })

  it('should build only what is wanted and not there yet', async () => {
    await build({}, locate(['etcd', 'pause']))
    expect(readdirSync(locate().folder).sort()).toEqual(['etcd', 'pause'])
    const seen: BuildProgress[] = []
    await build({ onProgress: (progress) => seen.push(progress) }, locate(['etcd', 'kubelet']))
    expect(seen.map(({ binary, number, of }) => [binary, number, of])).toEqual([['kubelet', 1, 1]])
  })

  it('should build from the module of another version when that is wanted', async () => {
    mkdirSync(join(source, 'kubernetes-1.35'))
    writeFileSync(join(source, 'kubernetes-1.35', 'go.mod'), 'go 1.25.0\n k8s.io/kubernetes v1.35.4\n')
    writeFileSync(join(source, 'kubernetes-1.35', 'go.sum'), '')
    const place = locate(['hollow-node'], '1.35')
    await build({}, place)
    expect(place.folder).toContain('v1.35.4-')
    expect(readFileSync(join(place.folder, 'hollow-node'), 'utf8')).toMatch(
      /build -modfile=kubernetes-1\.35\/go\.mod -tags kubernetes1\.35 .*gitVersion=v1\.35\.4.* \.\/hollow-node\n$/,
    )
  })

  it('should not run go when everything is there', async () => {
    await build()
    goDoes('exit 1', 'none')
    await build()
  })

  it('should leave whole binaries when two builders run at once', async () => {
    goDoes('sleep 0.02')
    await Promise.all([build(), build()])
    expect(locate().missing).toEqual([])
    expect(readdirSync(dirname(locate().folder))).toHaveLength(1)
  })

  it('should keep what is whole and quote the compiler when a build fails', async () => {
    goDoes('case "$*" in *kube-scheduler) echo "x.go:1: undefined: y" >&2; exit 1;; esac')
    const failure = await failureOf(build())
    expect(failure.kind).toBe('infrastructure')
    expect(failure.message).toContain('kube-scheduler cannot be built:\nx.go:1: undefined: y')
    expect(locate().missing).toEqual(['kube-scheduler', 'hollow-node', 'kubelet', 'peer-relay', 'pause'])
    expect(readdirSync(dirname(locate().folder))).toHaveLength(1)
  })

  it('should say what to install when go is not there', async () => {
    env['PATH'] = join(folder, 'empty')
    const failure = await failureOf(build())
    expect(failure.message).toContain('go does not run')
    expect(failure.next).toContain('Install Go 1.26.0 or later')
    expect(failure.next).toContain('SCALE_TEST_COMPONENTS')
  })

  it('should say which version is wanted when go is too old', async () => {
    goDoes('', 'go1.9.7')
    expect((await failureOf(build())).message).toContain('need Go 1.26.0, this is 1.9.7')
  })

  it('should end the compiler and leave nothing when it is aborted', async () => {
    // A compiler is a child of go.
    goDoes(`sleep 60 & echo $! > ${join(folder, 'pid')}; wait`)
    const abort = new AbortController()
    const reason = new Failure('interrupted', 'stop')
    const building = build({ signal: abort.signal })
    while (!existsSync(join(folder, 'pid')) || readFileSync(join(folder, 'pid'), 'utf8') === '')
      await systemClock.sleep(5)
    abort.abort(reason)
    await expect(building).rejects.toBe(reason)
    expect(readdirSync(dirname(locate().folder))).toEqual([])
    // It has its signal by now; the kernel may take a moment to carry it out.
    const compiler = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    while (isRunning(compiler)) await systemClock.sleep(5)
  })

  it('should not publish what was built from two versions of the sources', async () => {
    goDoes(`echo '// changed' >> ${join(source, 'go.mod')}`)
    expect((await failureOf(build())).message).toContain('was changed while it was being built')
    expect(locate().missing).toEqual(versionBinaries)
  })

  it('should remove half builds when their builders are gone, and only those', async () => {
    const cache = dirname(locate().folder)
    const of = (pid: number) => `v1.36.3-0123456789ab.building-${pid}-abcdef`
    const gone = 4_194_999
    for (const pid of [gone, process.pid]) mkdirSync(join(cache, of(pid)), { recursive: true })
    await build()
    expect(readdirSync(cache).filter((name) => name.includes('building'))).toEqual([of(process.pid)])
  })
})

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
