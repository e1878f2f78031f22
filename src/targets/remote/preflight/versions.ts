import { minorNumberOf } from '../../../base/kubernetes-version.ts'
import { serverVersionOf, titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/** Kubelets may be so many minor versions behind their apiserver, and none ahead (kubernetes.io, version skew policy). */
const mostBehind = 3

/** Versions that are out of step are shown, not refused: trying them may be what a run is for. */
export const versions: Check = {
  id: 'versions',
  title: 'Versions',
  examine: ({ clusters, hollow }) =>
    onEach(clusters, async (cluster) => {
      const version = await serverVersionOf(cluster.api)
      const notes = [`${titleOf(cluster)}: kube-apiserver ${version}`]
      if (cluster.role === 'target') {
        const images = new Set(hollow.map(({ spec }) => spec.pods.image))
        const skews = [...images].flatMap((image) => skewOf(image, version) ?? [])
        notes.push(...skews.map((skew) => `${titleOf(cluster)}: ${skew}`))
      }
      return { notes }
    }),
}

/** What to say of the version in an image's tag beside the apiserver's; undefined when it has none, or all is well. */
export function skewOf(image: string, serverVersion: string): string | undefined {
  const node = minorNumberOf(/:([^:/@]+)(?:@|$)/.exec(image)?.[1])
  const server = minorNumberOf(serverVersion)
  if (node === undefined || server === undefined || node === server) return undefined
  const what = `hollow nodes of 1.${node} on an apiserver of 1.${server}`
  if (node > server) return `${what}: kubelets newer than their apiserver are not supported by Kubernetes`
  return server - node > mostBehind ? `${what}: more than ${mostBehind} minor versions behind is not supported` : what
}
