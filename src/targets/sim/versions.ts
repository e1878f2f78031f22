import type { SchemaProblem } from '../../base/schema-problems.ts'
import { modelledKubernetes } from '../../model/kubernetes.ts'
import type { Plan } from '../../plan/plan.ts'

/** Where a plan asks for a version of Kubernetes that the model is not of. */
export function versionsNotModelled({ kubernetes, arms }: Pick<Plan, 'kubernetes' | 'arms'>): SchemaProblem[] {
  const asked = [
    { path: ['kubernetes'], version: kubernetes },
    ...arms.map((arm, index) => ({ path: ['arms', index, 'kubernetes'], version: arm.kubernetes })),
  ]
  return asked.flatMap(({ path, version }) =>
    version === undefined || version === modelledKubernetes
      ? []
      : [
          {
            path,
            message: `a simulation models Kubernetes ${modelledKubernetes} only; leave it out, or measure with --target local (make: TARGET=local)`,
          },
        ],
  )
}
