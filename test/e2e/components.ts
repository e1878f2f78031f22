import { join } from 'node:path'
import process from 'node:process'
import { locateComponents } from '../../src/components/components.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { describeUnless } from '../requirements.ts'

export const root = join(import.meta.dirname, '..', '..')

/** Whether the real components are there; where they are not, the suite says loudly that it was skipped. */
const place = locateComponents(localComponents(join(root, 'components')), process.env)
const reasons =
  place.missing.length === 0 ? [] : [`${place.folder} lacks ${place.missing.join(', ')} (make components builds them)`]

/**
 * `describe` for a suite that starts real components. Without them it is skipped, and named; with CI=true that is a
 * failure, since a pipeline that silently skips proves nothing.
 */
export function describeWithComponents(name: string, suite: () => void): void {
  describeUnless(reasons, 'real components are', name, suite)
}
