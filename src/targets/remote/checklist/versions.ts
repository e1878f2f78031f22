import { plural } from '../../../base/count.ts'
import { minorNumberOf } from '../../../base/kubernetes-version.ts'
import type { ClusterFacts } from './facts.ts'
import type { Judgement, Topic } from './judge.ts'
import { cannotSee, fail, few, nameInClusters, pass, whereSeen } from './judge.ts'
import { hiddenBy } from './providers.ts'

/** "The Kubernetes project maintains release branches for the most recent three minor releases" (kubernetes.io, Version skew policy). */
const maintained = 3
/** How far kubelets and kube-proxies may be behind the apiserver, minor versions (the same page). */
const nodesBehind = 3
/** How far controllers, schedulers and other apiservers may be behind (the same page). */
const controllersBehind = 1

/** Whether everything is of versions that fit each other and are still looked after. */
export const versions: Topic = {
  title: 'Versions',
  lines: [
    {
      id: 'version',
      title: 'Kubernetes is maintained',
      judge: ({ version, newestMinor }) => {
        const minor = minorNumberOf(version)
        if (minor === undefined)
          return cannotSee({ because: `the apiserver says ${version}`, next: 'Compare it with kubernetes.io/releases' })
        const oldest = newestMinor - maintained + 1
        return minor >= oldest
          ? pass(`${version}; 1.${oldest} to 1.${newestMinor} are the newest that scale-test knows`)
          : fail(`${version}: older than 1.${oldest}`, `Upgrade, one minor version at a time, to 1.${oldest} or later`)
      },
    },
    { id: 'control-plane-skew', title: 'Control plane, at most 1 behind', judge: judgeControlPlane },
    {
      id: 'kubelet-skew',
      title: 'Kubelets, at most 3 behind',
      judge: ({ version, nodes }) =>
        whereSeen(nodes, (all) =>
          judgeSkew(
            version,
            all.map(({ name, kubelet }) => ({ name, version: kubelet })),
            nodesBehind,
            'kubelet',
          ),
        ),
    },
    {
      id: 'proxy-skew',
      title: 'kube-proxy, at most 3 behind',
      judge: ({ version, proxy }) =>
        whereSeen(proxy, (of) =>
          judgeSkew(version, [{ name: 'DaemonSet kube-proxy', version: of }], nodesBehind, 'DaemonSet'),
        ),
    },
  ],
}

function judgeControlPlane({ version, pods, pages, managed }: ClusterFacts): Judgement {
  const isKubernetes = (component: string) => component.startsWith('kube-') && component !== 'kubelet'
  const ofPods = 'value' in pods ? pods.value.filter(({ component }) => isKubernetes(component)) : []
  const ofPages = pages.flatMap(({ component, name, page }) =>
    'value' in page && isKubernetes(component) ? [{ component, name, version: page.value.version }] : [],
  )
  const seen = [...ofPods, ...ofPages].filter((one) => one.version !== undefined)
  const missing = controllers.filter((component) => seen.every((one) => one.component !== component))
  const judged = judgeSkew(version, seen, controllersBehind, 'component')
  if (judged.verdict === 'fail' || missing.length === 0) return judged
  const because = `the version of ${missing.join(' and ')} is not shown`
  return cannotSee(hiddenBy(managed, { because, next: nameInClusters(missing) }))
}

const controllers = ['kube-controller-manager', 'kube-scheduler'] as const

/** Nothing may be newer than its apiserver, nor too far behind. */
function judgeSkew(
  server: string,
  seen: readonly { name: string; version: string | undefined }[],
  mostBehind: number,
  what: string,
): Judgement {
  const minor = minorNumberOf(server)
  const known = seen.flatMap(({ name, version }) => {
    const own = minorNumberOf(version)
    return own === undefined || minor === undefined ? [] : [{ name, version, behind: minor - own }]
  })
  if (known.length === 0)
    return cannotSee({ because: `no ${what} of a known version`, next: 'Compare with kubectl get nodes -o wide' })
  const wrong = known.filter(({ behind }) => behind < 0 || behind > mostBehind)
  const all = [...new Set(known.map(({ version }) => version))].sort().join(', ')
  return wrong.length === 0
    ? pass(`${all}; the apiserver is ${server} (${plural(known.length, what)})`)
    : fail(
        `${few(wrong.map(({ name, version }) => `${name} ${version}`))}; the apiserver is ${server}`,
        wrong.some(({ behind }) => behind < 0) ? 'Upgrade the apiserver first' : 'Upgrade these',
      )
}
