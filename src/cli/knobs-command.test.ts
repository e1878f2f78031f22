import { describe, expect, it } from 'vitest'
import { surroundingsForTests } from '../testing/surroundings.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { knobsCommand } from './knobs-command.ts'

function printed(filter?: string): string[] {
  const lines: string[] = []
  expect(
    knobsCommand(
      filter,
      surroundingsForTests('', (text) => lines.push(...text.split('\n'))),
    ),
  ).toBe(0)
  return lines
}

/** What is said of one knob, without line breaks. */
function toldOf(id: string): string {
  const lines = printed(id)
  const start = lines.indexOf(id)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('  '))
  return lines.slice(start, end).join(' ').replace(/\s+/g, ' ')
}

describe('knobsCommand', () => {
  it('should list every knob that has a name, in 80 columns', () => {
    const lines = printed()
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(lines.filter((line) => catalogue.some(({ id }) => id === line))).toEqual(catalogue.map(({ id }) => id))
    expect(lines.filter((line) => line.startsWith('  affects '))).toHaveLength(catalogue.length)
  })

  it('should begin with the knobs of the component that is asked for', () => {
    const [first] = printed('scheduler')
    expect(first).toMatch(/^scheduler\./)
  })

  it('should say what a knob takes, its values, what it affects and where it acts', () => {
    expect(toldOf('kubelet.kubeAPIQPS')).toBe(
      [
        'kubelet.kubeAPIQPS',
        'takes a whole number from 0 to 2,147,483,647 (requests/s);',
        "0: client-go's default of 5 requests a second, separately for each API group",
        'built in 50 profiles tuned 50, untuned 5',
        'affects how fast a node starts, reports and deletes many pods at once',
        'on local, sim: acts remote: acts; on your own nodes: set by the operator, read back by scale-test',
        'note 5 was the built-in value before 1.27',
      ].join(' '),
    )
  })

  it.each([
    [
      'etcd.nice',
      'local: acts; may not act: only root, or a user with CAP_SYS_NICE, may raise a priority sim: not modelled',
    ],
    ['kubeProxy.ipvs.scheduler', 'local: hollow nodes on this target run no kube-proxy sim: not modelled: it chooses'],
    ['etcd.quotaBackendBytes', 'built in 2147483648 (2.0 GiB) profiles sig-scalability 8589934592 (8.0 GiB)'],
    ['etcd.backendBatchInterval', "0s: 100ms, etcd's own default"],
    ['apiserver.watchCacheSizes', 'built in empty'],
  ])('should tell of %s: %s', (id, text) => {
    expect(toldOf(id)).toContain(text)
  })

  it('should list those with a part in their name, in any case, and open knobs that have no name, too', () => {
    const lines = printed('INFLIGHT')
    expect(lines.filter((line) => /^\S+\.\S+$/.test(line))).toEqual([
      'apiserver.maxRequestsInflight',
      'apiserver.maxMutatingRequestsInflight',
    ])
    const others = printed('event-ttl')
    expect(others).toEqual([
      'Settings without a short name',
      '  kube-apiserver.flags.event-ttl  duration, built in: 3600s',
    ])
    // By the name that its component has for it; the command’s own flags are not for plans.
    expect(printed('max-requests-inflight')).toContain('apiserver.maxRequestsInflight')
    expect(printed('kube-apiserver.flags.etcd').join()).not.toContain('etcd-servers')
    expect(printed('batch').filter((line) => line.length > 80)).toEqual([])
  })

  it('should refuse a filter that nothing has in its name, with what was meant', () => {
    expect(() => printed('maxPodz')).toThrow('no knob name contains maxPodz; did you mean kubelet.maxPods')
  })
})
