import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { etcdVariable } from '../../src/tune/files/units.ts'
import type { During, Ended, Hosts } from './hosts.ts'
import { clustersText, createHosts, until } from './hosts.ts'
import type { MachineOptions } from './machine.ts'
import { staticPodFiles, unitFiles } from './machine.ts'
import { describeWithSshHosts } from './requirements.ts'

const names = ['m1', 'm2', 'm3'] as const
const addresses = { m1: '10.77.0.21', m2: '10.77.0.22', m3: '10.77.0.23' }
const bootMs = 300_000
const testMs = 900_000

/** Each takes so long to start that two of them cannot restart between two looks. */
const startsAfterS = 2

/** The files of a machine whose etcd is one member of three; two are units of systemd, one is a static pod. */
function memberFiles(name: (typeof names)[number]): Pick<MachineOptions, 'units' | 'etc'> {
  const flags = [
    `--initial-advertise-peer-urls=http://${addresses[name]}:2380`,
    `--listen-peer-urls=http://${addresses[name]}:2380`,
    '--listen-client-urls=http://0.0.0.0:2379',
    `--advertise-client-urls=http://${addresses[name]}:2379`,
    `--initial-cluster=${names.map((one) => `${one}=http://${addresses[one]}:2380`).join(',')}`,
  ]
  const manifest = 'kubernetes/manifests/etcd.yaml'
  if (name === 'm3') {
    const { units, etc } = staticPodFiles(startsAfterS)
    const text = (etc[manifest] ?? '').replace('--name=two # of the second host', `--name=${name}`)
    return { units, etc: { ...etc, [manifest]: `${text}${flags.map((flag) => `    - ${flag}\n`).join('')}` } }
  }
  // All it has is in its environment, as kubespray's are.
  if (name === 'm1')
    return {
      units: {
        'etcd.service': `[Service]
Type=notify
EnvironmentFile=/etc/etcd.env
ExecStartPre=/usr/bin/sleep ${startsAfterS}
ExecStart=/opt/components/etcd
Restart=always
RestartSec=1
`,
      },
      etc: {
        'etcd.env': [
          `--name=${name}`,
          '--data-dir=/var/lib/etcd',
          '--heartbeat-interval=100',
          '--snapshot-count=10000',
          ...flags,
        ]
          .map((flag) => flag.slice(2).split('='))
          .map(([name = '', ...value]) => `${etcdVariable(name)}=${value.join('=')}\n`)
          .join(''),
      },
    }
  const { units, etc } = unitFiles()
  const text = (units['etcd.service'] ?? '').replace('--name=one', `--name=${name}`)
  const slow = text.replace('ExecStart=', `ExecStartPre=/usr/bin/sleep ${startsAfterS}\nExecStart=`)
  return { units: { 'etcd.service': slow.replace('10000\n', `10000 \\\n  ${flags.join(' ')}\n`) }, etc }
}

const profileText = `name: tuned
description: of the test
set:
  - { knob: etcd.heartbeatInterval, value: 250, because: of the test }
  - { knob: etcd.electionTimeout, value: 1250, because: of the test }
  - { knob: etcd.snapshotCount, value: 5000, because: of the test }
`

describeWithSshHosts('three hosts whose etcds are members of one', () => {
  let hosts: Hosts<(typeof names)[number]>
  let clusters: string
  const machines = () => names.map((name) => hosts.machines[name])
  const untilWell = async () => {
    for (const machine of machines()) await hosts.untilWell(machine, ['http://127.0.0.1:2379/health'])
  }
  const snapshots = () => Promise.all(machines().map((machine) => hosts.snapshot(machine)))

  beforeAll(async () => {
    const spec = (name: (typeof names)[number]) => ({
      address: addresses[name],
      user: 'root' as const,
      ...memberFiles(name),
    })
    hosts = await createHosts(async () => ({ m1: spec('m1'), m2: spec('m2'), m3: spec('m3') }))
    await hosts.boot()
    await untilWell()
    const found = []
    for (const name of names) found.push(...(await hosts.discover(name)))
    clusters = join(hosts.folder, 'clusters.yaml')
    const { sshConfig } = hosts
    writeFileSync(clusters, clustersText({ kubeconfig: 'none.yaml', context: 'target', sshConfig, hosts: found }))
    writeFileSync(join(hosts.folder, 'tuned.yaml'), profileText)
  }, bootMs)
  afterAll(() => hosts?.stop(), bootMs)

  const apply = (args: readonly string[], during?: During): Promise<Ended> => {
    const profile = join(hosts.folder, 'tuned.yaml')
    const options = ['--no-api', '--clusters', clusters, '--profile', profile, '--health-budget', '30', '--yes']
    return hosts.scaleTest(['tune', 'apply', ...options, ...args], during)
  }
  const rollback = (...args: string[]) => hosts.scaleTest(['tune', 'rollback', '--clusters', clusters, ...args])

  const expectRestored = async (before: readonly string[]) => {
    const { status, said } = await rollback()
    expect(status, said).toBe(0)
    await until('all are as before', async () => expect(await snapshots()).toEqual(before))
  }

  /** Asks the members all the time while something happens; returns how many did not answer, at each look. */
  const missingDuring = async (work: () => Promise<void>): Promise<number[]> => {
    const missing: number[] = []
    const urls = names.map((name) => `http://${addresses[name]}:2379/version`)
    const look = `for url in ${urls.join(' ')}; do curl -sf -m 2 -o /dev/null $url || echo missing; done`
    let isOver = false
    const looking = (async () => {
      while (!isOver) {
        missing.push((await hosts.execute(['sh', '-c', look])).split('\n').filter((line) => line !== '').length)
        await systemClock.sleep(50)
      }
    })()
    try {
      await work()
    } finally {
      isOver = true
      await looking
    }
    return missing
  }
  const expectOneAtATime = (missing: readonly number[]) => {
    expect(missing.length).toBeGreaterThan(20)
    expect(missing).toContain(1)
    expect(Math.max(...missing)).toBe(1)
  }

  it(
    'should restart one after the other when they are tuned, and when that is rolled back',
    async () => {
      const before = await snapshots()
      const whileApplied = await missingDuring(async () => {
        const { status, said } = await apply([])
        expect(status, said).toBe(0)
      })
      expectOneAtATime(whileApplied)
      for (const one of await snapshots()) expect(one).toContain('--heartbeat-interval=250')
      const whileRestored = await missingDuring(async () => {
        await expectRestored(before)
      })
      expectOneAtATime(whileRestored)
    },
    testMs,
  )

  it(
    'should restart one after the other when their timers restore them (fault 19)',
    async () => {
      const before = await snapshots()
      const { status } = await apply(['--dead-man', '28'], async ({ until: saying, kill }) => {
        await saying('m3: etcd is well, with its new settings')
        kill()
      })
      expect(status).toBeNull()
      const missing = await missingDuring(() =>
        until('all have restored themselves', async () => expect(await snapshots()).toEqual(before)),
      )
      expectOneAtATime(missing)
      await untilWell()
    },
    testMs,
  )

  it(
    'should keep their quorum when one does not come back from a rollback, and be restored once it does',
    async () => {
      const before = await snapshots()
      expect(await apply([])).toMatchObject({ status: 0 })
      const { m1, m2 } = hosts.machines
      const check = m2.file('etc/systemd/system/etcd.service.d/10-check.conf')
      mkdirSync(dirname(check), { recursive: true })
      writeFileSync(check, '[Service]\nExecStartPre=/bin/sh -c "test -e %E/systemd/system/%n.d/90-scale-test.conf"\n')
      const missing = await missingDuring(async () => {
        const { status, said } = await rollback('--health-budget', '20')
        expect(status, said).toBe(6)
        expect(said).toContain('not restored: m1: left as it is, so that etcd keeps its quorum: on m2, its unit is')
        expect(said).toMatch(/not restored: m2: restart of etcd\.service failed/)
      })
      expect(Math.max(...missing)).toBe(1)
      // A second time, there is nothing to restore on the one that is ill.
      expect(await rollback('--health-budget', '20')).toMatchObject({ status: 6 })
      expect(readFileSync(m1.file('etc/systemd/system/etcd.service.d/90-scale-test.conf'), 'utf8')).toContain('250')

      // It would have gone with the drop-in.
      rmSync(dirname(check), { recursive: true })
      await m2.inside('systemctl daemon-reload; systemctl restart etcd')
      await untilWell()
      await expectRestored(before)
    },
    testMs,
  )

  it(
    'should keep their quorum when a host is cut off before a rollback, and be restored once it is back',
    async () => {
      const before = await snapshots()
      expect(await apply([])).toMatchObject({ status: 0 })
      const { m2 } = hosts.machines
      await m2.inside('ip link set eth0 down')
      const missing = await missingDuring(async () => {
        const { status, said } = await rollback('--health-budget', '5')
        expect(status, said).toBe(6)
        for (const name of ['m1', 'm3'])
          expect(said).toContain(
            `not restored: ${name}: left as it is, so that etcd keeps its quorum: m2 cannot be asked, and nobody answers at http://10.77.0.22:2380`,
          )
      })
      expect(new Set(missing)).toEqual(new Set([1]))

      await m2.inside('ip link set eth0 up')
      await untilWell()
      await expectRestored(before)
    },
    testMs,
  )
})
