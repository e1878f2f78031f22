import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { findMarked } from '../../src/targets/local/leftovers.ts'

/**
 * Makes the only etcd of a running local cluster forget everything but the present, as kube-apiserver does every five
 * minutes. It has to be asked directly, through its JSON gateway: no API of Kubernetes does that.
 */
export async function compactEtcd(runId: string, pkiFolder: string): Promise<void> {
  const [ca, cert, key] = ['ca.crt', 'etcd-client.crt', 'etcd-client.key'].map((file) =>
    readFileSync(join(pkiFolder, file), 'utf8'),
  ) as [string, string, string]
  const dispatcher = new Agent({ connect: { ca, cert, key } })
  const url = clientUrl(runId)
  const call = async (method: string, body: object) => {
    const answer = await request(`${url}/v3/kv/${method}`, { dispatcher, method: 'POST', body: JSON.stringify(body) })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`etcd refused ${method}: ${text}`)
    return JSON.parse(text) as { header: { revision: string } }
  }
  try {
    const anyKey = Buffer.from('none').toString('base64')
    const { header } = await call('range', { key: anyKey })
    await call('compaction', { revision: header.revision, physical: true })
  } finally {
    await dispatcher.close()
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
