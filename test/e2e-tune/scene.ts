import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { During, Ended, Hosts } from './hosts.ts'
import { clustersText, createHosts } from './hosts.ts'
import type { Machine } from './machine.ts'
import { staticPodFiles, unitFiles } from './machine.ts'

export interface Scene
  extends Pick<Hosts<string>, 'folder' | 'sshConfig' | 'sshConfigText' | 'journal' | 'snapshot' | 'stop'> {
  /** etcd under systemd; ssh logs in as root. */
  one: Machine
  /** etcd as a static pod; ssh logs in as a user with sudo, whose shell is noisy. */
  two: Machine
  clusters: string
  profile: string
  /** Runs `scale-test tune ...` on the machines' network. */
  tune(args: readonly string[], during?: During): Promise<Ended>
  /** Waits until its etcd is well. */
  untilWell(machine: Machine): Promise<void>
}

const profileText = (name: string, set: string) => `name: ${name}\ndescription: of the test\nset:\n${set}`

/** Boots both machines. */
export async function setScene(): Promise<Scene> {
  const hosts = await createHosts(async () => ({
    one: { address: '10.77.0.11', user: 'root', ...unitFiles() },
    two: {
      address: '10.77.0.12',
      user: 'tuner',
      ...staticPodFiles(),
      sudoers: 'root ALL=(ALL) ALL\ntuner ALL=(ALL) NOPASSWD: ALL\n',
    },
  }))
  const { folder, machines, sshConfig } = hosts
  const { one, two } = machines
  const clusters = join(folder, 'clusters.yaml')
  const profile = join(folder, 'tuned.yaml')
  const settings = [
    '  - { knob: etcd.heartbeatInterval, value: 250, because: of the test }\n',
    '  - { knob: etcd.electionTimeout, value: 1250, because: of the test }\n',
    '  - { knob: etcd.snapshotCount, value: 5000, because: of the test }\n',
    '  - { knob: host.nf_conntrack_max, value: 2310720, because: of the test }\n',
  ]
  const scene: Scene = {
    ...hosts,
    one,
    two,
    clusters,
    profile,
    tune: (args, during) => hosts.scaleTest(['tune', ...args], during),
    untilWell: (machine) => hosts.untilWell(machine, ['http://127.0.0.1:2379/health']),
  }
  try {
    writeFileSync(two.file('var/home/tuner/.bashrc'), 'echo "Welcome! Today: begin-0 end-0 0"\necho noise >&2\n')
    // It is right there already.
    writeFileSync(two.file('conntrack-max'), '2310720\n')
    writeFileSync(profile, profileText('tuned', settings.join('')))
    await hosts.boot()
    await Promise.all([scene.untilWell(one), scene.untilWell(two)])
    const found = [...(await hosts.discover('one')), ...(await hosts.discover('two', '--sudo'))]
    writeFileSync(clusters, clustersText({ kubeconfig: 'none.yaml', context: 'target', sshConfig, hosts: found }))
    return scene
  } catch (error) {
    await scene.stop()
    throw error
  }
}
