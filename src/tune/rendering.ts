import { refusalOf } from '../tuning/open-knobs.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { conntrackRemarks, withConntrackPerCore } from './conntrack.ts'
import type { Circumstances, Format, LeftOut, Place, Rendering, TunedFile } from './format.ts'

/** Requests as files of a format. Each request is in a file, among what is left out, or, where a format holds a part of it, in both. */
export function renderFor(
  { files, placeOf }: Format,
  given: readonly KnobRequest[],
  circumstances: Circumstances,
): Rendering {
  const requests = withConntrackPerCore(given, circumstances.cores)
  const placed = requests.map((request) => {
    const refusal = refusalOf(request.knob, request.value, circumstances.kubernetes)
    const place: Place = refusal === undefined ? placeOf(request, circumstances, requests) : { because: refusal }
    return { request, place }
  })
  const heldAnywhere = placed.filter(({ place }) => place.in !== undefined).map(({ request }) => request)
  const paths = new Set(files.map(({ path }) => path))
  for (const { request, place } of placed) {
    const isSomewhere = (place.in ?? []).length > 0 || place.because !== undefined
    if (!isSomewhere || place.in?.some((path) => !paths.has(path)) === true)
      throw new Error(`the format puts ${request.knob.id} into ${place.in?.join(', ') ?? 'nothing'}`)
  }
  const written = files.flatMap(({ path, apply, write }): TunedFile[] => {
    const held = placed.filter(({ place }) => place.in?.includes(path) === true).map(({ request }) => request)
    if (held.length === 0) return []
    return [{ path, text: write(held, circumstances, heldAnywhere), apply, knobs: held.map(({ knob }) => knob.id) }]
  })
  return { files: written, leftOut: leftOutOf(placed), remarks: conntrackRemarks(heldAnywhere, circumstances) }
}

/** What is left out, with all knobs of the same reason together. */
function leftOutOf(placed: readonly { request: KnobRequest; place: Place }[]): LeftOut[] {
  const reasons = new Map<string, LeftOut & { requests: KnobRequest[] }>()
  for (const { request, place } of placed) {
    const { because, instead } = place
    if (because === undefined) continue
    const key = JSON.stringify([because, instead])
    const reason = reasons.get(key) ?? { requests: [], because, instead }
    reason.requests.push(request)
    reasons.set(key, reason)
  }
  return [...reasons.values()]
}
