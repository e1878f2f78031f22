import { etcdBenchmark } from './etcd-benchmark/kind.ts'
import { fill } from './fill/kind.ts'
import type { AnyStepKind } from './kind.ts'
import { anyKind } from './kind.ts'
import { observe } from './observe/kind.ts'
import { probe } from './probe/kind.ts'

/** Every kind of step that a plan can name, in the order in which plans in the short form have them. */
export const stepKinds: readonly AnyStepKind[] = [
  anyKind(observe),
  anyKind(fill),
  anyKind(probe),
  anyKind(etcdBenchmark),
]
