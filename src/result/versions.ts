import type { ArmOutcome } from './result.ts'

/** Version of each component, by its name. */
export type Versions = Readonly<Record<string, string>>

/** What is the same in all arms that say it; arms that did not come up say nothing. */
export function commonVersions(arms: readonly Pick<ArmOutcome, 'versions'>[]): Record<string, string> {
  const told = arms.flatMap(({ versions = {} }) => Object.entries(versions))
  const differ = new Set(told.flatMap(([name, version]) => (told.some(isOther(name, version)) ? [name] : [])))
  return Object.fromEntries(told.filter(([name]) => !differ.has(name)))
}

/** What not all arms have in common of an arm's versions. */
export function ownVersions({ versions = {} }: Pick<ArmOutcome, 'versions'>, common: Versions): Versions {
  return Object.fromEntries(Object.entries(versions).filter(([name]) => common[name] === undefined))
}

function isOther(name: string, version: string) {
  return ([otherName, otherVersion]: readonly [string, string]) => otherName === name && otherVersion !== version
}
