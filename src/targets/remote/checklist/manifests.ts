import { z } from 'zod'
import type { BackupFact, BindingFact, ControlPlaneComponent, ControlPlanePod, NodeFact } from './facts.ts'
import { controlPlaneComponents } from './facts.ts'
import { flagsInCommand, flagsInEnvironment } from './flags.ts'

/** Of objects that everybody's clusters have: only what the checklist looks at, and that leniently. */
const labels = z.record(z.string(), z.string()).nullish()
const metadata = z.object({ name: z.string(), namespace: z.string().optional(), labels })
const strings = z.array(z.string()).nullish()
const amounts = z.record(z.string(), z.unknown()).nullish()
const container = z.object({
  name: z.string(),
  image: z.string().optional(),
  command: strings,
  args: strings,
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).nullish(),
  resources: z.object({ requests: amounts, limits: amounts }).nullish(),
})
const podSpec = z.object({ priorityClassName: z.string().nullish(), containers: z.array(container) })

export const nodeSchema = z.object({
  metadata,
  status: z.object({ nodeInfo: z.object({ kubeletVersion: z.string() }).optional() }).nullish(),
})
export const podSchema = z.object({
  metadata,
  spec: podSpec,
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish() }).nullish(),
})
/** Of an object of which only the name counts. */
export const namedSchema = z.object({ metadata })
export const daemonSetSchema = z.object({ spec: z.object({ template: z.object({ spec: podSpec }) }) })
export const cronJobSchema = z.object({
  metadata,
  spec: z.object({
    suspend: z.boolean().nullish(),
    jobTemplate: z.object({ spec: z.object({ template: z.object({ spec: podSpec }) }) }),
  }),
  status: z.object({ lastSuccessfulTime: z.string().nullish() }).nullish(),
})
export const scheduleSchema = z.object({
  metadata,
  spec: z.object({ paused: z.boolean().nullish() }),
  status: z.object({ lastBackup: z.string().nullish() }).nullish(),
})
export const bindingSchema = z.object({
  metadata,
  roleRef: z.object({ name: z.string() }),
  subjects: z.array(z.object({ kind: z.string(), name: z.string(), namespace: z.string().nullish() })).nullish(),
})
export const roleSchema = z.object({
  metadata,
  rules: z.array(z.object({ apiGroups: strings, resources: strings, verbs: strings })).nullish(),
})
export const groupsSchema = z.object({ groups: z.array(z.object({ name: z.string() })) })
/** `/configz` of a kubelet. */
export const configzSchema = z.object({
  kubeletconfig: z.object({
    authentication: z
      .object({
        x509: z.object({ clientCAFile: z.string().optional() }).nullish(),
        anonymous: z.object({ enabled: z.boolean().nullish() }).nullish(),
      })
      .nullish(),
    authorization: z.object({ mode: z.string().optional() }).nullish(),
  }),
})

/** What kubeadm and others label the nodes of a control plane with. */
const controlPlaneLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']
const zoneLabel = 'topology.kubernetes.io/zone'

export function nodeFact({ metadata: of, status }: z.infer<typeof nodeSchema>): NodeFact & { labels: string[] } {
  const own = of.labels ?? {}
  return {
    name: of.name,
    isControlPlane: controlPlaneLabels.some((label) => label in own),
    zone: own[zoneLabel],
    kubelet: status?.nodeInfo?.kubeletVersion,
    labels: Object.keys(own),
  }
}

/**
 * The component of the control plane that a pod in kube-system runs; undefined where it runs none. Distributions label them differently, so the
 * program in the command tells.
 */
export function controlPlanePod({
  metadata: of,
  spec,
  status,
}: z.infer<typeof podSchema>): ControlPlanePod | undefined {
  for (const one of spec.containers) {
    const command = [...(one.command ?? []), ...(one.args ?? [])]
    const component = componentIn(command, of.labels?.['component'])
    if (component === undefined) continue
    const environment = component === 'etcd' ? flagsInEnvironment(one.env ?? []) : []
    return {
      component,
      name: of.name,
      isReady: (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      version: versionOfImage(one.image),
      flags: { from: `pod ${of.name}`, values: new Map([...environment, ...flagsInCommand(command)]) },
      priorityClass: spec.priorityClassName ?? undefined,
      requests: Object.keys(one.resources?.requests ?? {}),
      limits: Object.keys(one.resources?.limits ?? {}),
    }
  }
  return undefined
}

function componentIn(command: readonly string[], label: string | undefined): ControlPlaneComponent | undefined {
  const programs = command.flatMap((argument) => argument.split(/\s+/)).map((word) => word.split('/').at(-1))
  return controlPlaneComponents.find((component) => label === component || programs.includes(component))
}

/** `v1.36.3` of `registry.k8s.io/kube-proxy:v1.36.3@sha256:...`; undefined where its tag is none of Kubernetes. */
export function versionOfImage(image: string | undefined): string | undefined {
  return /:(v\d+\.\d+[^:/@]*)(?:@|$)/.exec(image ?? '')?.[1]
}

export function bindingFact({ metadata: of, roleRef, subjects }: z.infer<typeof bindingSchema>): BindingFact {
  return {
    name: of.name,
    role: roleRef.name,
    subjects: (subjects ?? []).map(({ kind, name, namespace }) =>
      namespace ? `${kind} ${namespace}/${name}` : `${kind} ${name}`,
    ),
  }
}

/** Whether a role allows every verb on every resource of every group. */
export function allowsEverything({ rules }: z.infer<typeof roleSchema>): boolean {
  return (rules ?? []).some(({ apiGroups, resources, verbs }) =>
    [apiGroups, resources, verbs].every((words) => words?.includes('*')),
  )
}

/** What a CronJob says of backups of etcd; undefined where it makes none, by its command and images. */
export function backupIn({ metadata: of, spec, status }: z.infer<typeof cronJobSchema>): BackupFact | undefined {
  const makesBackups = spec.jobTemplate.spec.template.spec.containers.some(({ image = '', command, args }) => {
    const words = [...(command ?? []), ...(args ?? [])].join(' ')
    return (
      /\betcd(?:ctl|utl)\b[^;&|]*\bsnapshot\s+save\b/.test(words) || /etcd[\w-]*backup|backup[\w-]*etcd/.test(image)
    )
  })
  if (!makesBackups) return undefined
  return {
    what: `CronJob ${of.namespace}/${of.name}`,
    isSuspended: spec.suspend === true,
    lastSuccess: status?.lastSuccessfulTime ?? undefined,
  }
}

export function veleroBackup({ metadata: of, spec, status }: z.infer<typeof scheduleSchema>): BackupFact {
  return {
    what: `Velero Schedule ${of.namespace}/${of.name}`,
    isSuspended: spec.paused === true,
    lastSuccess: status?.lastBackup ?? undefined,
  }
}
