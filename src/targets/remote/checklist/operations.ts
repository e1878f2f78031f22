import { plural } from '../../../base/count.ts'
import { formatList } from '../../../base/names.ts'
import type { ClusterFacts, ControlPlanePod } from './facts.ts'
import { controlPlaneComponents } from './facts.ts'
import type { Judgement, Topic } from './judge.ts'
import { cannotSee, fail, few, nameInClusters, pass, whereSeen } from './judge.ts'
import { hiddenBy, managedBy } from './providers.ts'

/** API groups of operators that bring monitoring along. */
const monitoringGroups = ['monitoring.coreos.com', 'operator.victoriametrics.com', 'monitoring.googleapis.com']
/** What the kubelet and the scheduler keep when a node runs out of something (kubernetes.io, Guaranteed scheduling for critical add-on pods). */
const criticalClasses = ['system-node-critical', 'system-cluster-critical']

/** What keeps a cluster running, and shows that it does. */
export const operations: Topic = {
  title: 'Operations',
  lines: [
    { id: 'backups', title: 'Backups', judge: judgeBackups },
    { id: 'metrics-api', title: 'Resource metrics (metrics.k8s.io)', judge: judgeMetricsApi },
    { id: 'monitoring', title: 'Prometheus or similar', judge: judgeMonitoring },
    { id: 'pages', title: 'Key indicators can be read', judge: judgePages },
    {
      id: 'priority',
      title: 'Control plane has a critical priority',
      judge: ({ pods }) =>
        whereSeen(pods, (all) => {
          const ordinary = all.filter(({ priorityClass }) => !criticalClasses.includes(priorityClass ?? ''))
          return ordinary.length === 0
            ? pass(`${criticalOf(all)} (${plural(all.length, 'pod')})`)
            : fail(
                `${few(ordinary.map(({ name, priorityClass }) => `${name} has ${priorityClass ?? 'none'}`))}`,
                'Set priorityClassName: system-node-critical in its manifest',
              )
        }),
    },
    {
      id: 'resources',
      title: 'Control plane requests resources',
      judge: ({ pods }) =>
        whereSeen(pods, (all) => {
          const without = all.filter(({ requests }) => !requests.includes('cpu'))
          const limited = all.filter(({ limits }) => limits.length > 0)
          const limits = limited.length === 0 ? 'no limits' : `limits on ${few(limited.map(({ name }) => name))}`
          return without.length === 0
            ? pass(`all request CPU; ${limits} (${plural(all.length, 'pod')})`)
            : fail(
                `no CPU request: ${few(without.map(({ name }) => name))}; ${limits}`,
                'Set resources.requests in its manifest, so that other pods cannot take what it needs',
              )
        }),
    },
  ],
}

function criticalOf(pods: readonly ControlPlanePod[]): string {
  return [...new Set(pods.flatMap(({ priorityClass }) => priorityClass ?? []))].join(', ')
}

function judgeBackups({ backups, managed }: ClusterFacts): Judgement {
  return whereSeen(backups, (found) => {
    const active = found.filter(({ isSuspended }) => !isSuspended)
    if (active.length > 0) {
      const names = few(active.map(({ what }) => what))
      const last = active
        .flatMap(({ lastSuccess }) => lastSuccess ?? [])
        .toSorted()
        .at(-1)
      return last === undefined
        ? fail(`${names}: none has succeeded yet`, 'Run it once by hand, and try to restore from what it saved')
        : pass(`${names}, last success ${last}`)
    }
    if (found.length > 0) return fail(`suspended: ${few(found.map(({ what }) => what))}`, 'Resume it')
    return cannotSee(
      hiddenBy(managed, {
        because: 'no CronJob that runs etcdctl snapshot save, and no Velero schedule',
        next: 'On the machines of etcd: systemctl list-timers, crontab -l. Then try to restore from the last backup',
      }),
    )
  })
}

function judgeMetricsApi({ groups, metricsApi }: ClusterFacts): Judgement {
  if ('value' in metricsApi) return pass('metrics.k8s.io answers')
  return whereSeen(groups, (served) =>
    served.includes('metrics.k8s.io')
      ? fail(metricsApi.because, 'kubectl describe apiservice v1beta1.metrics.k8s.io')
      : fail('metrics.k8s.io is not served: neither kubectl top nor autoscalers work', 'Install metrics-server'),
  )
}

function judgeMonitoring({ groups, monitoringPods }: ClusterFacts): Judgement {
  return whereSeen(monitoringPods, (pods) => {
    // Its own line judges that one.
    const found = pods.filter((name) => !name.includes('metrics-server'))
    if (found.length > 0) return pass(`pods ${few(found)}`)
    return whereSeen(groups, (served) => {
      const operator = monitoringGroups.find((group) => served.includes(group))
      if (operator !== undefined) return pass(`the API group ${operator} is served`)
      return cannotSee({
        because: 'no pod is labelled as monitoring, and no operator of it is installed',
        next: 'If it runs elsewhere, look there: it should show etcd’s fsync, and the apiserver’s latency and inflight requests',
      })
    })
  })
}

function judgePages({ pages, managed }: ClusterFacts): Judgement {
  const read = pages.flatMap(({ name, page }) => ('value' in page ? [name] : []))
  for (const { page } of pages) {
    if (!('value' in page)) return cannotSee({ ...page, because: `${page.because}; read: ${few(read) || 'none'}` })
  }
  const missing = controlPlaneComponents.filter((component) => pages.every((one) => one.component !== component))
  if (missing.length === 0) return pass(`/metrics of ${formatList(read)}`)
  const because = `/metrics of ${formatList(read) || 'none'}; not of ${formatList(missing)}`
  return cannotSee(
    managed === undefined
      ? {
          because,
          next: nameInClusters(missing),
        }
      : { because: `${because} (${managedBy(managed).because})`, next: managedBy(managed).next },
  )
}
