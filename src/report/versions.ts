import { formatList } from '../base/names.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { Versions } from '../result/versions.ts'
import { ownVersions } from '../result/versions.ts'
import { armLabel } from './labels.ts'

/** What an arm ran that not all arms did. */
export interface ArmVersions {
  /** Its name; with the repetition where repetitions differ. */
  arm: string
  versions: Versions
  /** `etcd 3.6.8, kube-apiserver and hollow-node v1.36.3` */
  words: string
}

/** The arms whose versions differ, each once; nothing where all ran the same. */
export function differingVersions(arms: readonly ArmOutcome[], common: Versions): ArmVersions[] {
  const each = arms.map((arm) => ({ arm, versions: ownVersions(arm, common) }))
  return [...Map.groupBy(each, ({ arm }) => arm.name)].flatMap(([name, runs]) => {
    const told = runs.filter(({ versions }) => Object.keys(versions).length > 0)
    const isSame = new Set(told.map(({ versions }) => inWords(versions))).size === 1
    return (isSame ? told.slice(0, 1) : told).map(({ arm, versions }) => ({
      arm: isSame ? name : armLabel(arm),
      versions,
      words: inWords(versions),
    }))
  })
}

/** Components of one version together. */
function inWords(versions: Versions): string {
  const groups = Map.groupBy(Object.entries(versions), ([, version]) => version)
  return [...groups].map(([version, of]) => `${formatList(of.map(([name]) => name))} ${version}`).join(', ')
}
