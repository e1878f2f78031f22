import { checkWorkload } from '../../plan/check-workload.ts'
import type { SectionKind } from '../../plan/section.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import { workloadSection } from '../../plan/workload.ts'

/** `- fill: { namespaces: 50, ... }` */
export const fillSection: SectionKind<PlannedWorkload> = {
  kind: 'fill',
  schema: workloadSection().describe('Fills the cluster with a workload and waits until its pods are Ready.'),
  nameOf: () => 'fill',
  stopsOf: () => [],
  check: (own) => own.flatMap(({ section, path }) => checkWorkload(section, path)),
}
