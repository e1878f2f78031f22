import { join } from 'node:path'
import process from 'node:process'
import { Failure } from '../base/errors.ts'
import { readTextFile } from '../base/files.ts'
import { toolBinaries } from '../components/components.ts'
import { parsePlan } from '../plan/parse.ts'
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { knobById } from '../tuning/find-knob.ts'
import { ensureComponents } from './components-command.ts'
import type { Pipeline, PipelineOptions } from './pipeline.ts'
import { withPipeline } from './pipeline.ts'
import { refusalsOf, vocabularyOf } from './plans.ts'
import { carryOut } from './run-command.ts'
import type { Surroundings } from './surroundings.ts'
import { runOn } from './targets.ts'
import { refuseUseless } from './useless-options.ts'

/** What `etcd-bench` is given on the command line. */
export interface EtcdBenchOptions extends PipelineOptions {
  /** Print all of the summary. */
  full?: boolean
  /** Client URLs of every member, with commas; own etcds when absent. */
  endpoints?: string
  cacert?: string
  cert?: string
  key?: string
  /** That the given etcds may be written to. */
  yesWrite?: boolean
  members?: number
  scale?: number
  /** Profiles, with commas. */
  arms?: string
  repeat?: number
}

/** Benchmarks etcds of its own, or given ones, with etcd's own tool; returns the exit status. It is a run like any other, of a plan of one step. */
export function etcdBenchCommand(options: EtcdBenchOptions, surroundings: Surroundings): Promise<number> {
  return withPipeline('etcd-bench', options, surroundings, (pipeline) => benchmark(options, pipeline))
}

async function benchmark(options: EtcdBenchOptions, pipeline: Pipeline): Promise<number> {
  const { surroundings } = pipeline
  const { endpoints, cacert, cert, key, yesWrite, members, arms } = options
  if (endpoints === undefined)
    refuseUseless({ '--cacert': cacert, '--cert': cert, '--key': key, '--yes-write': yesWrite }, 'without --endpoints')
  else {
    refuseUseless(
      { '--members': members, '--arms': arms },
      'with --endpoints: given etcds have members and settings of their own',
    )
    if (yesWrite !== true)
      throw new Failure(
        'safety-refusal',
        'the benchmark writes to these etcds: up to 100000 keys of 8 bytes, and the key foo. It refuses etcds that hold any key, and deletes its own afterwards. Nothing was written',
        { next: 'To allow it, add --yes-write' },
      )
  }
  const plan = planOf(options, surroundings)
  const target = endpoints === undefined ? 'local' : 'remote'
  if (target === 'remote')
    await ensureComponents({ sourceFolder: surroundings.folders.components, binaries: toolBinaries }, surroundings)
  const on = runOn(target, plan, surroundings)
  return carryOut(plan, on, pipeline, { measure: undefined, isFull: options.full })
}

/** The plan that the options come to, read as if somebody had written it. */
function planOf(
  { endpoints, cacert, cert, key, members, scale, arms, repeat }: EtcdBenchOptions,
  { folders }: Surroundings,
): Plan {
  const given = endpoints && { urls: endpoints.split(','), cacert, cert, key, mayWrite: true }
  const written = {
    apiVersion: 'scale-test/v1',
    name: 'etcd-bench',
    description: `etcd's own benchmark, on ${endpoints === undefined ? 'etcds started for it' : 'given etcds'}.`,
    target: endpoints === undefined ? 'local' : 'remote',
    repetitions: repeat ?? 1,
    // Plans have a fleet; nobody starts one where there is no Kubernetes.
    fleet: { nodes: 1, node: { cpu: 1, memory: '1Gi' } },
    arms:
      endpoints === undefined
        ? (arms ?? 'untuned,tuned').split(',').map((profile) => ({ profile }))
        : [{ name: 'as-given', profile: 'stock' }],
    steps: [{ etcdBenchmark: { members: members ?? 1, scale: scale ?? 1, endpoints: given } }],
  }
  const plan = parsePlan(JSON.stringify(written, null, 2), 'etcd-bench', vocabularyOf(folders), {
    read: (file) => readTextFile(join(process.cwd(), file)),
    overrides: [],
    refuse: (one) => refusalsOf(one.target, one),
  })
  return { ...plan, arms: plan.arms.map((arm) => (endpoints === undefined ? ofEtcdAlone(arm) : { ...arm, base: [] })) }
}

/** What an arm sets of etcd: nothing else runs. */
function ofEtcdAlone({ base, ...arm }: PlannedArm): PlannedArm {
  const isOfEtcd = (id: string) => {
    const knob = knobById(id)
    return knob?.component === 'etcd' && knob.setting.via !== 'etcd-split'
  }
  return { ...arm, base: base.filter(({ knob }) => isOfEtcd(knob)) }
}
