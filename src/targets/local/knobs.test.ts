import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import { catalogue } from '../../tuning/catalogue.ts'
import { knobById } from '../../tuning/find-knob.ts'
import type { Knob } from '../../tuning/knob.ts'
import { readKnobs, supportOf } from './knobs.ts'
import type { RunningComponent } from './running.ts'

const knob = (id: string): Knob => {
  const found = knobById(id)
  if (found === undefined) throw new Error(`no knob ${id}`)
  return found
}

describe('supportOf', () => {
  const everything = { mayRaisePriority: true, hasIonice: true }
  const refused = (permissions: typeof everything) =>
    catalogue.flatMap((each) => {
      const support = supportOf(each, permissions, '1.36')
      return support.supported ? [] : [[each.id, support.because]]
    })

  it('should honour all but what runs nowhere here, changes the machine or needs a person when root asks', () => {
    expect(refused(everything).map(([id]) => id)).toEqual([
      ...catalogue.filter(({ component }) => component === 'kube-proxy').map(({ id }) => id),
      'host.nf_conntrack_max',
      'etcd.walDisk',
    ])
  })

  it('should leave out what a version has no more', () => {
    const removed = knob('controllerManager.concurrentServiceSyncs')
    expect(supportOf(removed, everything, '1.36')).toEqual({ supported: true })
    expect(supportOf(removed, everything, '1.37')).toEqual({
      supported: false,
      because: expect.stringMatching(/^kube-controller-manager 1.37 has no flag "concurrent-service-syncs"/),
    })
  })

  it('should say who may when the user may not raise priorities', () => {
    expect(refused({ ...everything, mayRaisePriority: false })).toContainEqual([
      'etcd.nice',
      expect.stringContaining('only root'),
    ])
  })

  it('should say what to install when ionice is missing', () => {
    expect(refused({ ...everything, hasIonice: false })).toContainEqual([
      'etcd.ioPriority',
      expect.stringContaining('not installed'),
    ])
  })
})

describe('readKnobs', () => {
  let child: ChildProcess
  beforeAll(async () => {
    child = spawn('sh', ['-c', 'echo; sleep 60', 'etcd', '--heartbeat-interval=250'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout as NodeJS.EventEmitter, 'data')
  })
  afterAll(() => child.kill('SIGKILL'))

  const requests: string[] = []
  const running = (
    component: RunningComponent['component'],
    name: string,
    pages: Record<string, string> = {},
  ): RunningComponent => ({
    component,
    name,
    pid: child.pid ?? 0,
    logFile: '',
    endpoint: {
      async readText(path) {
        requests.push(`${name} ${path}`)
        const page = pages[path]
        if (page === undefined) throw new ApiError(404, 'NotFound', 'no such page')
        return page
      },
    },
  })
  const quota = (bytes: number) => ({ '/metrics': `# x\netcd_server_quota_backend_bytes ${bytes}\n` })
  const read = async (id: string, components: RunningComponent[]) => (await readKnobs([knob(id)], components))[0]

  it('should ask the component that has the knob when several run', async () => {
    const components = [
      running('kube-controller-manager', 'kcm', { '/configz': '{"a":{"maxPods":1}}' }),
      running('kubelet', 'hollow-0', { '/configz': '{"kubeletconfig":{"maxPods":500}}' }),
    ]
    expect(await read('kubelet.maxPods', components)).toEqual({
      id: 'kubelet.maxPods',
      effective: 500,
      readFrom: '/configz',
    })
  })

  it('should fetch a page once when many knobs are on it', async () => {
    requests.length = 0
    const configz = '{"kubeletconfig":{"maxPods":500,"kubeAPIQPS":50}}'
    const knobs = [knob('kubelet.maxPods'), knob('kubelet.kubeAPIQPS')]
    await readKnobs(knobs, [running('kubelet', 'hollow-0', { '/configz': configz })])
    expect(requests).toEqual(['hollow-0 /configz'])
  })

  it.each([
    ['kubelet.nodeStatusUpdateFrequency', '"1m0s"', '60s'],
    ['kubelet.nodeStatusUpdateFrequency', '"soon"', 'soon'],
    ['kubelet.maxPods', '-1', -1],
  ])('should read %s %s in its one spelling, and as it is told when it is none', async (id, told, effective) => {
    const field = id.replace('kubelet.', '')
    const components = [running('kubelet', 'hollow-0', { '/configz': `{"k":{"${field}":${told}}}` })]
    expect((await read(id, components))?.effective).toBe(effective)
  })

  it('should take the value from the command line, or the built-in one, when it is an argument', async () => {
    const components = [running('etcd', 'etcd')]
    expect(await read('etcd.heartbeatInterval', components)).toMatchObject({
      effective: 250,
      readFrom: 'process arguments',
    })
    expect(await read('etcd.snapshotCount', components)).toMatchObject({
      effective: 10000,
      readFrom: 'process arguments (absent: built-in value)',
    })
  })

  it('should give one value when all etcds agree, and all values when they do not', async () => {
    const agreeing = [running('etcd', 'etcd', quota(2)), running('etcd', 'etcd-pods', quota(2))]
    expect((await read('etcd.quotaBackendBytes', agreeing))?.effective).toBe(2)
    const differing = [running('etcd', 'etcd', quota(2)), running('etcd', 'etcd-pods', quota(3))]
    expect((await read('etcd.quotaBackendBytes', differing))?.effective).toBe('2 | 3')
  })

  it('should ask the apiserver how etcd is split', async () => {
    const flagz = 'etcd-servers-overrides: [/pods#https://127.0.0.1:1,/events#https://127.0.0.1:2]\n'
    const components = [running('etcd', 'etcd'), running('kube-apiserver', 'kube-apiserver', { '/flagz': flagz })]
    expect(await read('etcd.splitByResource', components)).toMatchObject({
      effective: '/pods,/events',
      readFrom: 'kube-apiserver /flagz',
    })
  })

  it('should read what the kernel says when the knob is a priority', async () => {
    expect(await read('etcd.nice', [running('etcd', 'etcd')])).toMatchObject({ effective: 0, readFrom: '/proc' })
  })

  it.each(['kubelet.maxPods', 'apiserver.defaultNotReadyTolerationSeconds', 'etcd.walDisk', 'kubeProxy.mode'])(
    'should say that %s is unread when nobody tells',
    async (id) => {
      const components = [running('kubelet', 'hollow-0'), running('kube-apiserver', 'kube-apiserver', { '/flagz': '' })]
      expect(await read(id, components)).toMatchObject({ id, effective: null, readFrom: null })
    },
  )
})
