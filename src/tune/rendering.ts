import { minorNumberOf } from '../base/kubernetes-version.ts'
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
  return {
    files: written,
    leftOut: leftOutOf(placed),
    remarks: [...modeRemarks(heldAnywhere, circumstances), ...conntrackRemarks(heldAnywhere, circumstances)],
  }
}

/** What becomes of a mode (cmd/kube-proxy/app/server_linux.go and cmd/kubeadm/app/componentconfigs/kubeproxy.go of 1.37.2). */
export function modeRemarks(requests: readonly KnobRequest[], { kubernetes }: Circumstances): string[] {
  const asksIpvs = requests.some(({ knob, value }) => knob.id === 'kubeProxy.mode' && value === 'ipvs')
  return asksIpvs && (minorNumberOf(kubernetes) ?? 0) >= 35
    ? [
        "kube-proxy's mode ipvs is deprecated since Kubernetes 1.35, disabled by default from 1.40 and removed in 1.43, as kube-proxy 1.37 says; it recommends nftables.",
      ]
    : []
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
