import { join } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { exitCodes, Failure } from '../src/base/errors.ts'
import { soakHour } from './soak/hour.ts'
import { runIsolated, workplaceAt } from './soak/isolated.ts'
import { soakKills } from './soak/kills.ts'
import { localGround } from './soak/local.ts'
import { soakRemote } from './soak/remote.ts'
import { soakSeeds } from './soak/simulated.ts'

/**
 * `make soak`: kills runs at random moments and looks for what is left, there twice, or lost; then tries the simulated seeds. `make soak
 * TARGET=remote` kills runs on two clusters, `make soak-hour` disturbs one long run. Without an argument this is what make starts; with one
 * it is that part, in namespaces of its own (isolated.ts).
 */
const root = join(import.meta.dirname, '..')
/** make passes on what nobody gave as nothing. */
const given = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((text) => (text === '' ? undefined : text), schema)
const count = z.coerce.number().pipe(z.int().min(0))
const settings = z.object({
  TARGET: given(z.enum(['local', 'remote']).default('local')),
  KILLS: given(count.optional()),
  SEEDS: given(count.default(10_000)),
  SEED: given(count.default(1)),
  MINUTES: given(count.default(60)),
  NODES: given(count.default(200)),
})

const [part, folder = ''] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stderr.write(`${error.message}\n${error.next === undefined ? '' : `\n${error.next}\n`}`)
  process.exitCode = exitCodes[error.kind]
}

async function main(): Promise<number> {
  const { success, data, error } = settings.safeParse(process.env)
  if (!success) throw new Failure('bad-input', z.prettifyError(error))
  const { TARGET: target, KILLS: kills = target === 'remote' ? 20 : 100, SEEDS: seeds, SEED: seed } = data
  const isolated = (name: string) => runIsolated(join(import.meta.dirname, 'soak.ts'), [name], root)
  const statusOf = (isWell: boolean) => (isWell ? exitCodes.pass : exitCodes.thresholdMissed)
  switch (part) {
    case undefined: {
      if (target === 'remote') return statusOf(await soakRemote({ kills, seed, say }))
      const status = kills === 0 ? exitCodes.pass : await isolated('kills')
      return status === exitCodes.pass ? statusOf(await soakSeeds(seeds, root, say)) : status
    }
    case 'hour':
      if (folder === '') return isolated('hour')
      return statusOf(
        await soakHour(workplaceAt(folder), root, { minutes: data.MINUTES, nodes: data.NODES, seed, say }),
      )
    default:
      return statusOf(await soakKills(localGround(workplaceAt(folder), root), { kills, seed, say }))
  }
}
