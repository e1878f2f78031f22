import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { findMarked } from '../../src/targets/local/leftovers.ts'

/** The only etcd of a control plane on this machine, as its operator sees it: no API of Kubernetes does any of this. */
export interface OperatedEtcd {
  /** Makes it forget everything but the present, as kube-apiserver does every five minutes; resolves when that is done. */
  compact(): Promise<void>
  /** Gives the free pages of its file back. */
  defragment(): Promise<void>
  /** Raises the NOSPACE alarm, or disarms it. */
  setAlarm(isRaised: boolean): Promise<void>
  /** Its quota and the size of its file in bytes, and whether an alarm is raised. */
  status(): Promise<{ sizeBytes: number; isAlarmed: boolean }>
}

/** Asks the etcd of a run through its JSON gateway. */
export function etcdOf(runId: string, pkiFolder: string): OperatedEtcd {
  const call = async <T>(method: string, body: object): Promise<T> => {
    const [ca, cert, key] = ['ca.crt', 'etcd-client.crt', 'etcd-client.key'].map((file) =>
      readFileSync(join(pkiFolder, file), 'utf8'),
    ) as [string, string, string]
    const dispatcher = new Agent({ connect: { ca, cert, key } })
    try {
      const url = `${clientUrl(runId)}/v3/${method}`
      const answer = await request(url, { dispatcher, method: 'POST', body: JSON.stringify(body) })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`etcd refused ${method}: ${text}`)
      return JSON.parse(text) as T
    } finally {
      await dispatcher.close()
    }
  }
  const status = () =>
    call<{ header: { revision: string; member_id: string }; dbSize: string; errors?: string[] }>(
      'maintenance/status',
      {},
    )
  return {
    async compact() {
      const { header } = await status()
      await call('kv/compaction', { revision: header.revision, physical: true })
    },
    async defragment() {
      await call('maintenance/defragment', {})
    },
    async setAlarm(isRaised) {
      const { header } = await status()
      const action = isRaised ? 'ACTIVATE' : 'DEACTIVATE'
      await call('maintenance/alarm', { action, memberID: header.member_id, alarm: 'NOSPACE' })
    },
    async status() {
      const { dbSize, errors = [] } = await status()
      return { sizeBytes: Number(dbSize), isAlarmed: errors.length > 0 }
    },
  }
}

/** Where etcd serves, from its arguments. */
function clientUrl(runId: string): string {
  for (const { pid, program } of findMarked(runId)) {
    if (!program.endsWith('/etcd')) continue
    const flag = '--listen-client-urls='
    const argument = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .find((text) => text.startsWith(flag))
    if (argument !== undefined) return argument.slice(flag.length)
  }
  throw new Error(`${runId} has no etcd`)
}
