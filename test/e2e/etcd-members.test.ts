import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { locateComponents } from '../../src/components/components.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { startEtcds } from '../../src/targets/local/etcds.ts'
import { runMark } from '../../src/targets/local/leftovers.ts'
import { createPki } from '../../src/targets/local/pki.ts'
import { createPorts, parsePortRange } from '../../src/targets/local/ports.ts'
import type { Supervisor } from '../../src/targets/local/processes.ts'
import { createSupervisor } from '../../src/targets/local/processes.ts'
import { startReaper } from '../../src/targets/local/reaper.ts'
import { renderKnobs } from '../../src/tuning/render.ts'
import { describeWithComponents, root } from './components.ts'

const { signal } = new AbortController()
const closing = new AbortController()
let folder: string
let supervisor: Supervisor

describeWithComponents('etcd clusters without an apiserver', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scale-test-members-'))
    const stateFolder = join(folder, 'state')
    mkdirSync(stateFolder)
    const runId = (folder.split('/').at(-1) ?? '').toLowerCase()
    await startReaper({ runId, stateFolder })
    const env = { PATH: process.env['PATH'] ?? '', [runMark]: runId }
    supervisor = createSupervisor({ logFolder: join(folder, 'logs'), env, clock: systemClock })
  })

  afterAll(async () => {
    closing.abort(new Error('the test is over'))
    const survivors = await supervisor?.stop(3000)
    rmSync(folder, { recursive: true, force: true })
    expect(survivors).toEqual([])
  })

  it('should have one leader each when they have three members', async () => {
    const stateFolder = join(folder, 'state')
    const etcds = await startEtcds({
      binaryFolder: locateComponents(localComponents(join(root, 'components')), process.env).folder,
      stateFolder,
      pki: await createPki(join(stateFolder, 'pki'), new Date()),
      ports: createPorts(parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')), process.pid),
      supervisor,
      clock: systemClock,
      signal,
      closed: closing.signal,
      knobs: { ...renderKnobs([]), etcdSplit: ['/pods'] },
      members: 3,
    })
    expect(etcds.map(({ name }) => name)).toEqual(
      ['etcd', 'etcd-pods'].flatMap((cluster) => [1, 2, 3].map((number) => `${cluster}-${number}`)),
    )
    const leads = await Promise.all(
      etcds.map(async ({ endpoint }) => /^etcd_server_is_leader (\d)$/m.exec(await endpoint.readText('/metrics'))?.[1]),
    )
    const leaders = (of: (string | undefined)[]) => of.filter((one) => one === '1')
    expect(leaders(leads.slice(0, 3))).toHaveLength(1)
    expect(leaders(leads.slice(3))).toHaveLength(1)
  })
})
