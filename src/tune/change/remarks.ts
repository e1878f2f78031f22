import { conntrackRemarks } from '../conntrack.ts'
import type { HostSettings } from '../hosts/wanted.ts'
import { textOf } from '../hosts/wanted.ts'
import { modeRemarks } from '../rendering.ts'
import type { TunedHost } from './host.ts'
import type { ReachedPlaces } from './plan.ts'

const coresFile = '/sys/devices/system/cpu/online'

/** What becomes of settings whose effect depends on the version of the cluster (`1.37`), or on the cores of each host, which are read. */
export async function remarksOn(
  { hosts }: ReachedPlaces,
  { asked, profile }: Pick<HostSettings, 'asked'> & { profile: string },
  kubernetes: string,
): Promise<string[]> {
  const circumstances = { profile, kubernetes, cores: undefined }
  const remarks = modeRemarks(asked, circumstances)
  if (conntrackRemarks(asked, circumstances).length === 0) return remarks
  for (const { on } of hosts) {
    const cores = await coresOf(on)
    const ofHost =
      cores === undefined
        ? [`how many connections kube-proxy asks for is not known: ${coresFile} does not say how many cores there are`]
        : conntrackRemarks(asked, { ...circumstances, cores })
    remarks.push(...ofHost.map((remark) => `${on.name}: ${remark}`))
  }
  return remarks
}

/** Undefined where it cannot be seen: remarks only inform. */
async function coresOf(on: TunedHost): Promise<number | undefined> {
  const [file] = await on.look([coresFile])
  const cores = file === undefined ? 0 : countIn(textOf(file))
  return cores > 0 ? cores : undefined
}

/** Of a list of the kernel's: `0-3,8`. */
function countIn(text: string): number {
  return text
    .trim()
    .split(',')
    .reduce((sum, range) => {
      const [first, last = first] = range.split('-').map(Number)
      return first === undefined || last === undefined || Number.isNaN(last - first) ? sum : sum + last - first + 1
    }, 0)
}
