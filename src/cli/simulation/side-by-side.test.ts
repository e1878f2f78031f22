import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { resultSchema } from '../../testing/outcomes.ts'
import { surroundingsForTests } from '../../testing/surroundings.ts'
import { runCommand } from '../run-command.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-side-by-side-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const plan = `apiVersion: scale-test/v1
name: beside
fleet: { nodes: 20, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: untuned }, { profile: tuned }, { name: third, profile: stock }]
repetitions: 2
workload:
  namespaces: 2
  pods: { total: 60, perDeployment: 10, image: pause:3.10 }
  services: 2
probes:
  settle: 1s
  pod: { image: pause:3.10, serviceAccountToken: false }
  sequence: [{ name: rollout, from: 1, to: 20, timeout: 5m }]
`

/** Runs a plan with so many threads; every file that it leaves, by name, and what it printed. */
async function run(threads: number, text = plan, signal = new AbortController().signal) {
  const reports = join(folder, `threads-${threads}`)
  const printed: string[] = []
  const surroundings = surroundingsForTests(reports, (line) => printed.push(line))
  surroundings.interruption.signal = signal
  const file = join(folder, 'beside.yaml')
  writeFileSync(file, text)
  const status = await runCommand(file, { target: 'sim', threads }, surroundings)
  const [name = ''] = readdirSync(reports)
  const files = readdirSync(join(reports, name)).toSorted()
  const bytes = Object.fromEntries(files.map((one) => [one, readFileSync(join(reports, name, one), 'utf8')]))
  return { status, bytes, printed, result: resultSchema.parse(JSON.parse(bytes['result.json'] ?? '')) }
}

describe('arms that are simulated side by side', { timeout: 60_000 }, () => {
  it('should leave the same bytes in every file, and print the same, however many threads there are', async () => {
    const alone = await run(1)
    expect(alone.result.arms.map(({ id }) => id)).toHaveLength(6)
    for (const threads of [2, 3, 8]) {
      const beside = await run(threads)
      expect(Object.keys(beside.bytes)).toEqual(Object.keys(alone.bytes))
      for (const [file, bytes] of Object.entries(alone.bytes)) expect(beside.bytes[file], file).toBe(bytes)
      const told = ({ printed }: typeof alone) => printed.join('\n').replaceAll(/threads-\d/g, 'threads')
      expect(told(beside)).toBe(told(alone))
    }
  })

  it('should tell of an arm that fails as if it had run alone, and go on with the others', async () => {
    const late = plan.replace('fleet: {', 'fleet: { timeout: 300ms,')
    const [alone, beside] = [await run(1, late), await run(2, late)]
    expect(alone.status).toBe(4)
    expect(beside.status).toBe(4)
    expect(beside.bytes).toEqual(alone.bytes)
    expect(beside.result.arms.filter(({ outcome }) => outcome === 'failed').length).toBeGreaterThan(0)
  })

  it('should end arms in other threads in good order when it is interrupted', async () => {
    const interruption = new AbortController()
    void systemClock.sleep(300).then(() => interruption.abort(new Failure('interrupted', 'interrupted by SIGINT')))
    const { status, result } = await run(2, plan.replace('repetitions: 2', 'repetitions: 100'), interruption.signal)
    expect(status).toBe(130)
    expect(result.partial).toBe(true)
    expect(result.arms.at(-1)?.outcome).toBe('interrupted')
    expect(result.arms.every(({ residue }) => residue.length === 0)).toBe(true)
  })
})
