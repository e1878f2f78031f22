import { readFileSync } from 'node:fs'
import process from 'node:process'
import { systemClock } from '../../src/base/clock.ts'
import { loadCredentials } from '../../src/kube/credentials.ts'
import { connectEndpoint } from '../../src/kube/http.ts'
import { nobodyThere } from '../../src/testing/load-options.ts'
import { contentsOf } from './contents.ts'
import { applyObjects, deleteObjects } from './rights.ts'

// administrator.ts <kubeconfig> <context> <verb> <operands>: what an administrator would do with kubectl, run inside.
//   contents               prints everything that the cluster keeps
//   await <path> <name>    ends when the list at a path of the API has an object of this name
//   read <path>            prints what the API has at a path
//   finish <path>          ends when the Job at a path has succeeded or failed
//   apply <file>, delete <file>    creates or changes, or removes, the objects of a file

const [kubeconfig = '', context = '', verb = '', operand = '', name = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const clock = systemClock
const credentials = await loadCredentials(kubeconfig, { ...nobodyThere, context })
await using endpoint = connectEndpoint({ credentials, clock, signal })
const read = async (path: string) => JSON.parse(await endpoint.readText(path, { signal }))

const verbs: Readonly<Record<string, () => Promise<void>>> = {
  contents: async () => void process.stdout.write(JSON.stringify(await contentsOf(read))),
  read: async () => void process.stdout.write(await endpoint.readText(operand, { signal })),
  apply: () => applyObjects(credentials, JSON.parse(readFileSync(operand, 'utf8')), { clock, signal }),
  delete: () => deleteObjects(credentials, JSON.parse(readFileSync(operand, 'utf8')), { clock, signal }),
  async await() {
    const isThere = ({ metadata }: { metadata: { name: string } }) => metadata.name === name
    while (!(await read(operand)).items.some(isThere)) await clock.sleep(50)
  },
  async finish() {
    const isEnd = ({ type }: { type: string }) => type === 'Complete' || type === 'Failed'
    while (!(await read(operand)).status.conditions?.some(isEnd)) await clock.sleep(200)
  },
}
const act = verbs[verb]
if (act === undefined) throw new Error(`an administrator cannot ${verb}; known: ${Object.keys(verbs).join(', ')}`)
await act()
