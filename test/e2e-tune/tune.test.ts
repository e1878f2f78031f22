import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { until } from './hosts.ts'
import { describeWithSshHosts } from './requirements.ts'
import type { Scene } from './scene.ts'
import { setScene } from './scene.ts'

const bootMs = 120_000

describeWithSshHosts('tune on ssh hosts', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await setScene()
  }, bootMs)
  afterAll(() => scene?.stop(), bootMs)

  const onHosts = (clusters = scene.clusters, profile = scene.profile) => [
    '--no-api',
    '--clusters',
    clusters,
    '--profile',
    profile,
  ]
  const both = async () => [await scene.snapshot(scene.one), await scene.snapshot(scene.two)]
  const rollback = () => scene.tune(['rollback', '--clusters', scene.clusters])
  const variant = (name: string, from: string, change: (text: string) => string) => {
    const file = join(scene.folder, name)
    writeFileSync(file, change(readFileSync(from, 'utf8')))
    return file
  }

  it('should find out how hosts run their components, and change nothing, when it plans', async () => {
    const before = await both()
    const section = readFileSync(scene.clusters, 'utf8')
    expect(section).toContain('unit: etcd.service')
    expect(section).toContain('health: http://127.0.0.1:2379/health')
    expect(section).toContain('manifest: /etc/kubernetes/manifests/etcd.yaml')
    const { status, said } = await scene.tune(['plan', ...onHosts()])
    expect(said).toContain('+ExecStart=/opt/components/etcd --name=one --data-dir=/var/lib/etcd --snapshot-count=5000')
    expect(said).toContain('-    - --snapshot-count=10000\n+    - --snapshot-count=5000')
    expect(said).toContain('-65536\n+2310720')
    // Right there already.
    expect(said).not.toContain('two:/proc/sys')
    expect(status).toBe(0)
    expect(await both()).toEqual(before)
  })

  it('should apply, show live values, and restore every byte, a second time nothing (faults 29, 32)', async () => {
    const before = await both()
    const applied = await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])
    expect(applied.said).toContain('applied; undo it with')
    expect(applied.status).toBe(0)
    expect(await scene.snapshot(scene.one)).toContain('--snapshot-count=5000')
    const verified = await scene.tune(['verify', ...onHosts()])
    expect(verified).toMatchObject({ status: 0 })
    expect(verified.said).toContain('one etcd: as the profile says')
    expect(await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])).toMatchObject({
      status: 0,
      said: expect.stringContaining('one: nothing to change'),
    })

    const first = await rollback()
    expect(first.said).toContain('/proc/sys/net/netfilter/nf_conntrack_max restored')
    expect(first.said).not.toContain('two: /proc')
    expect(first.status).toBe(0)
    await scene.untilWell(scene.one)
    await scene.untilWell(scene.two)
    expect(await both()).toEqual(before)
    expect(await scene.tune(['verify', ...onHosts()])).toMatchObject({ status: 1 })

    expect(await rollback()).toMatchObject({ status: 0, said: expect.stringContaining('one: nothing to restore') })
    expect(await both()).toEqual(before)
  })

  it('should refuse settings with which a component would not start, before it looks at a host', async () => {
    const bad = variant('conflict.yaml', scene.profile, (text) => text.replace(/.*election.*\n/g, ''))
    const { status, said } = await scene.tune(['apply', ...onHosts(scene.clusters, bad), '--yes'])
    expect(said).toContain('etcd would not start: etcd.electionTimeout is 1000')
    expect(status).toBe(2)
  })

  it('should restart no member of etcd while another is not well, and touch nothing then', async () => {
    await scene.one.inside('systemctl stop etcd')
    const before = await both()
    const [head = '', one = '', two = ''] = readFileSync(scene.clusters, 'utf8').split(/(?=^ +- ssh:)/m)
    const turned = variant('two-first.yaml', scene.clusters, () => `${head}${two}${one}`)
    const { status, said } = await scene.tune(['apply', ...onHosts(turned), '--yes', '--health-budget', '10'])
    expect(said).toContain('one: etcd is not well (its unit is inactive), so another member is not restarted')
    expect(status).toBe(3)
    expect(await both()).toEqual(before)
    await scene.one.inside('systemctl start etcd')
    await scene.untilWell(scene.one)
  })

  it('should restore the host whose component does not become well, then those before it, and never leave another file among the manifests (fault 30)', async () => {
    // An administrator's own check, of which scale-test knows nothing.
    const check = scene.one.file('etc/systemd/system/etcd.service.d/10-check.conf')
    mkdirSync(dirname(check))
    writeFileSync(
      check,
      `[Service]\nExecStartPre=/bin/sh -c '! grep -qs snapshot-count=5000 %E/systemd/system/%n.d/90-*'\n`,
    )
    const before = await both()
    const [head = '', one = '', two = ''] = readFileSync(scene.clusters, 'utf8').split(/(?=^ +- ssh:)/m)
    const turned = variant('turned.yaml', scene.clusters, () => `${head}${two}${one}`)
    const { status, said } = await scene.tune(['apply', ...onHosts(turned), '--yes', '--health-budget', '10'])
    expect(said).toContain('two: etcd is well, with its new settings')
    expect(said).toContain(
      'one: etcd.service.d/90-scale-test.conf restored'.replace('etcd.service', '/etc/systemd/system/etcd.service'),
    )
    expect(said).toContain('two: /etc/kubernetes/manifests/etcd.yaml restored')
    expect(status).toBe(5)
    await scene.untilWell(scene.one)
    await until('etcd has its former arguments', async () => expect(await both()).toEqual(before))
    expect(new Set((await scene.two.inside('cat /run/static-pods/started')).trim().split('\n'))).toEqual(
      new Set(['etcd.yaml']),
    )
    rmSync(dirname(check), { recursive: true })
    await scene.one.inside('systemctl daemon-reload')
  })

  it('should refuse before it changes anything when a host key is unknown or has changed (fault 28)', async () => {
    const before = await both()
    for (const [name, known, reason] of [
      ['unknown', '', 'its host key is unknown'],
      ['changed', `10.77.0.11 ${scene.two.hostKey}\n`, 'its host key has changed'],
    ] as const) {
      const file = join(scene.folder, `known-${name}`)
      writeFileSync(file, known)
      const config = join(scene.folder, `ssh-${name}`)
      writeFileSync(config, scene.sshConfigText(file))
      const clusters = variant(`${name}.yaml`, scene.clusters, (text) => text.replace(scene.sshConfig, config))
      const { status, said } = await scene.tune(['apply', ...onHosts(clusters), '--yes', '--health-budget', '30'])
      expect(said).toContain(reason)
      expect(status).toBe(3)
    }
    expect(await both()).toEqual(before)
  })

  it('should refuse before it changes anything when sudo asks for a password or a disk is read-only (fault 33)', async () => {
    const before = await both()
    const asking = variant('asking.yaml', scene.clusters, (text) =>
      text.replace('ssh: one', 'ssh: tuner@one\n          sudo: true'),
    )
    const sudo = await scene.tune(['apply', ...onHosts(asking), '--yes', '--health-budget', '30'])
    expect(sudo.said).toContain('sudo asks for a password')
    expect(sudo.status).toBe(3)

    await scene.two.inside('mount -o remount,bind,ro /etc')
    const disk = await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])
    await scene.two.inside('mount -o remount,bind,rw /etc')
    expect(disk.said).toContain('cannot be written (a read-only file system?)')
    expect(disk.status).toBe(3)
    expect(await both()).toEqual(before)
  })

  it('should leave alone what somebody else has changed since, and say so (fault 29)', async () => {
    const before = await both()
    expect(await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])).toMatchObject({ status: 0 })
    const theirs = `${readFileSync(scene.two.file('etc/kubernetes/manifests/etcd.yaml'), 'utf8')}    # by hand\n`
    const manifest = scene.two.file('etc/kubernetes/manifests/etcd.yaml')
    writeFileSync(manifest, theirs)
    const { status, said } = await rollback()
    expect(said).toContain('/etc/kubernetes/manifests/etcd.yaml was changed by somebody else since; left alone')
    expect(status).toBe(6)
    expect(readFileSync(manifest, 'utf8')).toBe(theirs)
    await scene.untilWell(scene.one)
    expect(await scene.snapshot(scene.one)).toBe(before[0])
    writeFileSync(
      manifest,
      theirs
        .replace(/ {4}# by hand\n/, '')
        .replace('5000', '10000')
        .replace(/.*(heartbeat|election).*\n/g, ''),
    )
    await until('etcd has its former arguments', async () => expect(await both()).toEqual(before))
  })

  it('should call no file restored that could not be put back, and put it back the next time (faults 32, 33)', async () => {
    const before = await both()
    const manifest = '/etc/kubernetes/manifests/etcd.yaml'
    expect(await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])).toMatchObject({ status: 0 })
    const tuned = readFileSync(scene.two.file(manifest.slice(1)), 'utf8')
    // Nothing can be renamed to a mount point.
    await scene.two.inside(`mount --bind ${manifest} ${manifest}`)
    const { status, said } = await rollback()
    expect(said).toContain(`two: ${manifest} could not be restored`)
    expect(said).not.toContain(`two: ${manifest} restored`)
    expect(status).toBe(6)
    expect(readFileSync(scene.two.file(manifest.slice(1)), 'utf8')).toBe(tuned)
    await scene.two.inside(`umount ${manifest}`)
    expect(await rollback()).toMatchObject({ status: 0, said: expect.stringContaining(`two: ${manifest} restored`) })
    await until('etcd has its former arguments', async () => expect(await both()).toEqual(before))
  })

  it('should be restored by timers, or by a rollback, after whichever record the orchestrator is killed (fault 19)', {
    timeout: 600_000,
  }, async () => {
    const before = await both()
    const killedAfter = async (count: number) => {
      let types: unknown[] = []
      const { status } = await scene.tune(
        ['apply', ...onHosts(), '--yes', '--health-budget', '30', '--dead-man', '10'],
        async ({ until: saying, said, kill }) => {
          await saying('run tune-')
          const run = /run (tune-\w+)/.exec(said())?.[1] ?? ''
          while (types.length < count && types.at(-1) !== 'applied') {
            types = scene.journal(run).map(({ type }) => type)
            await systemClock.sleep(2)
          }
          kill()
        },
      )
      return { status, types }
    }
    for (let count = 1, isApplied = false; !isApplied; count++) {
      const { types } = await killedAfter(count)
      isApplied = types.includes('applied')
      // Every other time nobody waits for the timers.
      if (!isApplied && count % 2 === 0)
        await until(`hosts have restored themselves after ${types.at(-1)}, record ${count}`, async () =>
          expect(await both()).toEqual(before),
        )
      expect((await rollback()).status).toBe(0)
      await scene.untilWell(scene.one)
      await scene.untilWell(scene.two)
      await until(`all is as before after ${types.at(-1)}, record ${count}`, async () =>
        expect(await both()).toEqual(before),
      )
    }
  })

  /** What a reboot leaves as it is: files. `sysctl` is a kernel setting before, with which the rest of a snapshot begins. */
  const filesIn = (snapshot: string, sysctl: string) => snapshot.slice(0, snapshot.indexOf(`\n${sysctl}\n`))
  const reboot = async () => {
    await scene.one.stop()
    await scene.one.boot()
    await scene.untilWell(scene.one)
  }
  /** After a reboot, processes and the kernel keep what they were started with. */
  const expectFilesOnly = async (before: string) => {
    const after = await scene.snapshot(scene.one)
    expect(filesIn(after, '2310720')).toBe(filesIn(before, '65536'))
    expect(after).toContain('--snapshot-count=5000')
  }
  const startAfresh = async () => {
    writeFileSync(scene.one.file('conntrack-max'), '65536\n')
    await scene.one.inside('systemctl daemon-reload; systemctl restart etcd')
    await scene.untilWell(scene.one)
  }

  it('should restore files only when the host was rebooted in between (fault 31)', async () => {
    const before = await scene.snapshot(scene.one)
    expect(await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])).toMatchObject({ status: 0 })
    await reboot()
    const { status, said } = await rollback()
    expect(said).toContain('only the file was restored, because the host was rebooted since')
    expect(status).toBe(0)
    await expectFilesOnly(before)
    await startAfresh()
    expect(await scene.snapshot(scene.one)).toBe(before)
  })

  it('should restore files by itself when the host is rebooted and nobody is left to do it (faults 19, 31)', async () => {
    const before = await both()
    const options = ['--yes', '--health-budget', '30', '--dead-man', '40']
    const { status } = await scene.tune(['apply', ...onHosts(), ...options], async ({ until: saying, kill }) => {
      await saying('one: etcd is well, with its new settings')
      kill()
    })
    expect(status).toBeNull()
    await reboot()
    expect(await scene.snapshot(scene.one)).toContain('90-scale-test.conf')
    await until('its files are as before', () => expectFilesOnly(before[0] ?? ''))
    const { status: restored, said } = await rollback()
    expect(said).toContain('only the file was restored, because the host was rebooted since')
    expect(restored).toBe(0)
    await startAfresh()
    await until('both are as before', async () => expect(await both()).toEqual(before))
  })

  it('should change nothing when a host cannot be reached, and roll back and name it when it goes in the middle (fault 27)', async () => {
    const before = await scene.snapshot(scene.one)
    const middle = await scene.tune(
      ['apply', ...onHosts(), '--yes', '--health-budget', '30'],
      async ({ until: saying }) => {
        await saying('one: /etc/systemd/system/etcd.service.d/90-scale-test.conf changed')
        await scene.two.stop()
      },
    )
    expect(middle.said).toMatch(/two.*cannot be reached|two.*connection was lost|two.*no answer/)
    expect(middle.said).toContain('one: /etc/systemd/system/etcd.service.d/90-scale-test.conf restored')
    // Nothing of it had been touched, so nothing is left.
    expect(middle.status).toBe(5)
    await scene.untilWell(scene.one)
    expect(await scene.snapshot(scene.one)).toBe(before)

    const early = await scene.tune(['apply', ...onHosts(), '--yes', '--health-budget', '30'])
    expect(early.said).toContain('two cannot be reached')
    expect(early.status).toBe(5)
    expect(await scene.snapshot(scene.one)).toBe(before)
  })
})
