import { profilesIn } from '../cli/profile-files.ts'
import type { PlannedArm } from '../plan/plan.ts'
import { readProfile } from '../plan/profile.ts'
import type { KnobValue } from '../tuning/knob.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { productFolders } from './folders.ts'

/** The profiles that come with the product. */
export const profiles = profilesIn(productFolders.profiles)

/** An arm of one of them, without a name of its own. */
export function armOf(profile: string, set: PlannedArm['set'] = []): PlannedArm {
  const { name, settings } = readProfile(profile, profiles)
  return { profile: name, base: settings, set }
}

/** What such an arm asks for when it sets these knobs otherwise. */
export function requestsUnder(profile: string, set: Record<string, KnobValue | null> = {}): KnobRequest[] {
  const departures = Object.entries(set).map(([knob, value]) => ({ knob, value }))
  return requestsOf({ base: armOf(profile).base, set: departures })
}
