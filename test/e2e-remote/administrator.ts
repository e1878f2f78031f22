import { readFileSync } from 'node:fs'
import process from 'node:process'
import { systemClock } from '../../src/base/clock.ts'
import { loadCredentials } from '../../src/kube/credentials.ts'
import { connectEndpoint } from '../../src/kube/http.ts'
import { applyObjects } from './rights.ts'

// administrator.ts <kubeconfig> <context> get <path> | apply <file>: what an administrator would do with kubectl, run inside.

const [kubeconfig = '', context = '', verb = '', operand = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const credentials = await loadCredentials({ file: kubeconfig }, { context })

if (verb === 'apply') {
  await applyObjects(credentials, JSON.parse(readFileSync(operand, 'utf8')), { clock: systemClock, signal })
} else {
  await using endpoint = connectEndpoint({ credentials, clock: systemClock, signal })
  process.stdout.write(await endpoint.readText(operand, { signal }))
}
