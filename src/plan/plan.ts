import { z } from 'zod'
import { formatChoice } from '../base/names.ts'
import { hostSection, kubeProxySection } from '../tune/hosts/section.ts'
import type { Profile } from '../tuning/profiles.ts'
import type { PlannedDeparture } from './departure.ts'
import { departure } from './departure.ts'
import { mostCores, mostMachines, mostNodes, mostRepetitions, usualMaterial } from './limits.ts'
import { names } from './names.ts'
import { plannedProbe } from './probe.ts'
import type { ProfileFiles } from './profile.ts'
import { profileReference } from './profile.ts'
import { count, durationMs, memory, percentage, timeLimitMs, wholeNumber } from './scalars.ts'
import type { PlannedStep, SectionKind } from './section.ts'
import { stepsSection } from './section.ts'
import type { SeriesEntry } from './series.ts'
import { stopOrder } from './stops.ts'
import type { WrittenThreshold } from './threshold.ts'
import { thresholdSection } from './threshold.ts'
import { workloadSection } from './workload.ts'

/** What the plan language takes from other rooms, so that a mistake is found where it is written. */
export interface Vocabulary {
  targets: readonly string[]
  faults: readonly string[]
  /** Versions of Kubernetes that can be built, the newest first. */
  kubernetes: readonly string[]
  profiles: ProfileFiles
  /** The kinds of steps, in the order in which the short form has them. */
  kinds: readonly SectionKind[]
  /** Series that there are of any stretch of time; those of steps are their kinds'. */
  series: readonly SeriesEntry[]
}

/** A version of Kubernetes. In quotes, because to YAML 1.40 is the number 1.4. */
function kubernetesVersion(versions: readonly string[]) {
  return z.enum(versions, {
    error: ({ input }) =>
      typeof input === 'number'
        ? `expected a version of Kubernetes in quotes, such as "${versions[0]}"`
        : `expected ${formatChoice(versions)}`,
  })
}

/** `source: hollow` of target remote: how the pods on the host cluster look, each with so many hollow nodes. */
function hollowPodsSection() {
  const file = names.path
  return z.strictObject({
    image: names.image
      .optional()
      .describe(
        'The hollow-node image, as named by `make image`; default: `hollow-node:` with the Kubernetes version in components/go.mod.',
      ),
    imagePullPolicy: z
      .enum(['IfNotPresent', 'Always', 'Never'])
      .default('IfNotPresent')
      .describe('When the machines of the host cluster pull the hollow-node image.'),
    namespace: names.namespace
      .default('kubemark')
      .describe('Their namespace on the host cluster; it must not exist yet.'),
    hostSelector: names.labelSelectorOrNone
      .default('')
      .describe('Label selector for the machines that may carry them; all machines when empty.'),
    identity: z
      .enum(['csr', 'ca'])
      .default('csr')
      .describe("How nodes get their certificates: requested from the target cluster, or signed with its clients' CA."),
    ca: z
      .strictObject({
        cert: file.describe('The CA certificate that the target trusts for clients.'),
        key: file.describe('Its private key.'),
      })
      .optional()
      .describe('CA files, for identity ca: the certificate that the target trusts for clients, and its key.'),
    proxy: z.boolean().default(false).describe('Whether a hollow kube-proxy runs beside every hollow kubelet.'),
    labels: z.record(names.labelKey, names.labelValue).default({}).describe('Labels of the hollow nodes.'),
    taints: z.array(names.taint).default([]).describe("Taints of the hollow nodes; the run's own pods tolerate them."),
    startAtOnce: count(mostMachines).prefault(10).describe('How many pods are started at a time.'),
  })
}

/** How hollow nodes look when a plan says nothing of it. */
export const podsByDefault = hollowPodsSection().parse({})

const kubeconfigContext = {
  kubeconfig: names.path.describe('The file; ~ is the home folder.'),
  context: z.string().min(1).describe('The context in it; the current context is never used.'),
  uid: z
    .string()
    .min(1)
    .optional()
    .describe('UID of its kube-system namespace, by which a run recognizes the right cluster.'),
}

/** What the control plane of target local is made of, beyond its settings. */
function controlPlaneSection() {
  return z.strictObject({
    apiservers: wholeNumber(1, 3)
      .prefault(1)
      .describe(
        "How many kube-apiservers. Nodes and the run's requests are spread over them in turn; the controller-manager uses the first, the scheduler the second.",
      ),
    etcd: z
      .strictObject({
        members: z
          .literal([1, 3, 5], { error: 'expected 1, 3 or 5' })
          .default(1)
          .describe('Members of each etcd cluster.'),
        roundTrip: durationMs
          .refine((valueMs) => valueMs <= longestRoundTripMs, 'expected at most 1s')
          .optional()
          .describe("Round trip between members, which a relay between them adds; as short as loopback's when absent."),
        walDisk: names.path
          .optional()
          .describe(
            'Where arms with etcd.walDisk have their write-ahead log: a folder on another disk, or `loop` for a loop device of its own (root only).',
          ),
        neighbour: z
          .enum(['write'])
          .optional()
          .describe("Another program that writes and syncs on etcd's disk while the arm runs."),
      })
      .prefault({})
      .describe('The etcd clusters.'),
  })
}

const longestRoundTripMs = 1000

/** Where target remote finds its clusters. */
export function remoteSection() {
  const address = z
    .string()
    .regex(/^https:\/\/[^\s/@?#]+(\/[^\s@?#]*)?$/, 'expected a URL such as https://10.0.0.1:6443')
    .refine((text) => URL.canParse(text), 'expected a URL such as https://10.0.0.1:6443')
  const endpoint = z
    .string()
    .regex(/^https?:\/\/[^\s@]+$/, 'expected a URL such as https://10.0.0.1:10257')
    .refine((text) => URL.canParse(text), 'expected a URL such as https://10.0.0.1:10257')
  const endpoints = z.array(endpoint).min(1).optional()
  return z.strictObject({
    host: z
      .strictObject(kubeconfigContext)
      .optional()
      .describe('The cluster whose machines carry the hollow nodes; may be the target itself.'),
    targets: z
      .array(
        z.strictObject({
          ...kubeconfigContext,
          arms: z.array(names.arm).min(1).optional().describe('The arms that run on it; all of them when absent.'),
          server: address
            .optional()
            .describe("Its address as the host cluster's pods reach it; the kubeconfig's when absent."),
          components: z
            .strictObject({
              'kube-apiserver': endpoints.describe('Each instance separately; the server above when absent.'),
              'kube-controller-manager': endpoints.describe('Each instance, such as https://10.0.0.1:10257.'),
              'kube-scheduler': endpoints.describe('Each instance, such as https://10.0.0.1:10259.'),
              etcd: endpoints.describe('Each member, such as https://10.0.0.1:2379.'),
            })
            .optional()
            .describe(
              'Where components serve /metrics and /configz: anything not listed is not read, and the report says so.',
            ),
          hosts: z
            .array(hostSection())
            .min(1)
            .refine((hosts) => new Set(hosts.map(({ ssh }) => ssh)).size === hosts.length, 'expected each host once')
            .optional()
            .describe(
              'The hosts that `tune` and `tuneHosts` change (docs/tuning-hosts.md); `tune discover` writes this.',
            ),
          kubeProxy: kubeProxySection()
            .optional()
            .describe('Where kube-proxy has its settings; it is left alone when absent.'),
          sshConfig: names.path.optional().describe("The ssh configuration file for them; the user's own when absent."),
        }),
      )
      .min(1)
      .describe('The clusters under test: one for all arms, or one for each.'),
    tuneHosts: z
      .strictObject({
        healthBudget: durationMs
          .prefault('2m')
          .describe('How long a component may take to become well again with its new settings.'),
        deadMan: durationMs
          .refine((ms) => ms >= 10_000, 'expected a duration of at least 10s')
          .prefault('2m')
          .describe('A host that hears nothing from the run for so long restores its settings by itself.'),
      })
      .optional()
      .describe('Sets the hosts of each target to the settings of an arm, over ssh, and restores them after it.'),
    retune: z
      .array(names.path)
      .min(1)
      .optional()
      .describe("A program with its arguments, run before each arm with the arm's name as its last argument."),
    restore: z
      .array(names.path)
      .min(1)
      .optional()
      .describe('A program with its arguments, run after each arm in the same way, to undo what retune set.'),
  })
}

/**
 * The sections of a plan, each valid or not by itself, so that all mistakes of a file can be told at once. Descriptions are
 * for editors, too: `make schema` writes them down.
 */
export function planSections(vocabulary: Vocabulary) {
  const stop = z.enum(stopOrder)
  return {
    apiVersion: z.literal('scale-test/v1').describe('The version of the plan language.'),
    name: names.plan.describe('Name of the plan in reports; lower-case letters, digits and hyphens.'),
    description: z.string().optional().describe('What the plan is for; shown at the top of reports.'),
    target: z.enum(vocabulary.targets).optional().describe('Where the plan runs when the command line does not say.'),
    kubernetes: kubernetesVersion(vocabulary.kubernetes)
      .optional()
      .describe(
        'Kubernetes version of arms that do not set their own: control plane, the matching etcd, and hollow nodes.',
      ),
    seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).prefault(1).describe('Seeds everything random in a run.'),
    repetitions: count(mostRepetitions).prefault(1).describe('How many times each arm runs; arms alternate.'),
    warmUp: z
      .boolean()
      .default(false)
      .describe('Whether each arm first runs once as a warm-up, which reports mark and exclude from all figures.'),
    material: percentage
      .prefault(`${100 * usualMaterial}%`)
      .describe('Reports treat smaller differences as none, however certain they are.'),
    fleet: z
      .strictObject({
        nodes: count(mostNodes),
        hosts: count(mostMachines)
          .prefault(1)
          .describe('Machines that the hollow nodes are spread over; target local always uses one machine.'),
        nodesPerProcess: count(mostMachines)
          .prefault(50)
          .describe(
            'Hollow kubelets per process, or per pod on a host cluster; the classic setup has 1. The probe node has a process of its own.',
          ),
        node: z
          .strictObject({
            cpu: count(mostCores),
            memory,
            containerStarts: z
              .strictObject({
                time: durationMs.describe('How long starting a container takes.'),
                parallel: count()
                  .optional()
                  .describe('How many a node starts at a time, first come, first served; no limit when absent.'),
              })
              .optional()
              .describe(
                'Simulated container starts: hollow nodes run no real containers. A node starts parallel / time per second; when absent, containers start instantly.',
              ),
          })
          .describe('The size that each hollow node reports.'),
        host: z
          .strictObject({
            cpu: count(mostCores),
            memory,
            maxPods: count().prefault(110).describe('Pods that its kubelet accepts: 110 unless raised.'),
          })
          .optional()
          .describe('The capacity of one machine of the host cluster, for sizing.'),
        source: z
          .enum(['hollow', 'existing', 'none'])
          .default('hollow')
          .describe(
            "Where the nodes come from, on target remote: hollow nodes that the run starts, hollow nodes that already exist, or only the cluster's own nodes.",
          ),
        selector: names.labelSelector
          .optional()
          .describe('Label selector for the existing nodes; all of them when absent.'),
        pods: hollowPodsSection()
          .prefault({})
          .describe('The hollow-node pods on the host cluster; target remote only.'),
        timeout: timeLimitMs.prefault('2m').describe('How long all nodes may take to become Ready.'),
        observe: durationMs
          .prefault('0s')
          .describe(
            'Short form of an `observe` step at the start: how long to watch the idle fleet, to see what heartbeats cost.',
          ),
      })
      .describe('The nodes: how many, how large, and where they come from.'),
    faults: z
      .strictObject({
        seed: wholeNumber(0, Number.MAX_SAFE_INTEGER).describe('Decides when and how hard faults strike.'),
        kinds: z.array(z.enum(vocabulary.faults)).min(1).describe('Kinds of faults; each strikes at its own moments.'),
      })
      .optional()
      .describe('Faults to inject into the clusters; target sim only.'),
    controlPlane: controlPlaneSection().optional().describe('What the control plane is made of; target local only.'),
    remote: remoteSection()
      .optional()
      .describe('The clusters of target remote, usually in a separate file (--clusters); other targets ignore them.'),
    metrics: z
      .strictObject({
        every: timeLimitMs
          .prefault('15s')
          .refine((ms) => ms >= 1000, 'expected a duration of at least 1s')
          .describe(
            "How often the components' metrics are read for symptoms; the API server's page, which is large, only every fourth time.",
          ),
        prometheus: z
          .string()
          .regex(/^https?:\/\/[^\s@?#]+$/, 'expected a URL such as http://prometheus.example:9090')
          .refine((text) => URL.canParse(text), 'expected a URL such as http://prometheus.example:9090')
          .optional()
          .describe(
            "A Prometheus that collects the control plane's metrics, to ask instead of the components. Target sim ignores it.",
          ),
      })
      .prefault({})
      .describe('How symptoms are looked for while the plan runs (docs/symptoms.md).'),
    simulation: z
      .strictObject({
        repetitions: count(mostRepetitions)
          .optional()
          .describe('How many times each arm runs on target sim, where runs are cheap; `repetitions` when absent.'),
        controlPlaneCores: count(mostCores)
          .optional()
          .describe(
            'Processor cores of the machine that the control plane and etcd run on; 32 if the fleet has its own hosts.',
          ),
        kubeProxy: z
          .boolean()
          .optional()
          .describe('Whether each node has a kube-proxy. When absent, only if the fleet has its own hosts.'),
      })
      .optional()
      .describe('What target sim assumes; other targets ignore it.'),
    steps: stepsSection(vocabulary.kinds)
      .optional()
      .describe(
        'What to do and measure in each cluster, in order; `workload` and `probes.sequence` are short forms of it.',
      ),
    workload: workloadSection()
      .optional()
      .describe('Short form of a `fill` step: what to fill the cluster with before the probes; nothing when absent.'),
    arms: z
      .array(
        z.strictObject({
          name: names.arm
            .optional()
            .describe(
              "Name of the arm in results; its profile's name when absent. Arms that share a profile need names.",
            ),
          profile: profileReference(vocabulary.profiles.names).describe(
            'A profile of profiles/ by its name, or the path to a file, relative to this one.',
          ),
          kubernetes: kubernetesVersion(vocabulary.kubernetes)
            .optional()
            .describe('Its Kubernetes version, if the arms differ in version.'),
          set: z.array(departure).default([]).describe('Departures from the profile, each with its reason.'),
        }),
      )
      .min(1)
      .describe('What to compare: all arms get the same load, but different settings. The first one is the baseline.'),
    probes: z
      .strictObject({
        node: z
          .union(
            [
              z.strictObject({ name: names.node.describe('Its name.') }),
              z.strictObject({ selector: names.labelSelector.describe('A label selector that one node matches.') }),
            ],
            {
              error: 'expected one node, by name or by selector',
            },
          )
          .optional()
          .describe(
            'The node that probes are pinned to; a hollow node with its own process when absent. Target remote only.',
          ),
        pod: z
          .strictObject({
            image: names.image.describe('The image of their container; hollow nodes pull none.'),
            serviceAccountToken: z
              .boolean()
              .describe('Whether pods mount a service-account token, which costs one more kubelet call per pod.'),
          })
          .describe('The pods that are scaled.'),
        settle: durationMs
          .prefault('10s')
          .describe('Quiet time before each probe, so that token buckets refill and status writes finish.'),
        sequence: z.array(plannedProbe).min(1).optional().describe('Short form of `probe` steps, which run last.'),
      })
      .optional()
      .describe('Settings of the probes; required if there are any.'),
    thresholds: z
      .array(thresholdSection)
      .default([])
      .describe('What the run has to meet; those of included files come first.'),
    reference: z
      .strictObject({
        source: z.string().min(1).describe('Where the figures were published.'),
        figures: z
          .array(
            z.strictObject({
              probe: names.reference.describe('The probe that was timed.'),
              stop: stop.describe('The stop that was timed.'),
              profile: names.reference.describe('The arm that the figure is shown next to.'),
              value: durationMs.describe('The published time.'),
              note: z.string().optional().describe('What a reader should know about it.'),
            }),
          )
          .describe('Each is shown next to the figure of this run.'),
      })
      .optional()
      .describe('Published figures to compare the run with.'),
  }
}

/** A plan as it is written, with its defaults filled in. */
export type WrittenPlan = z.infer<z.ZodObject<ReturnType<typeof planSections>>>
/** What all probes have in common. */
export type ProbeSettings = Omit<NonNullable<WrittenPlan['probes']>, 'sequence'>

/**
 * A plan with its defaults filled in, and everything that is done in a cluster as steps, whichever way it was written; durations in
 * milliseconds.
 */
export interface Plan extends Omit<WrittenPlan, 'steps' | 'workload' | 'probes' | 'fleet' | 'arms' | 'thresholds'> {
  fleet: Omit<WrittenPlan['fleet'], 'observe'>
  arms: PlannedArm[]
  probes: ProbeSettings
  steps: readonly PlannedStep[]
  thresholds: readonly Threshold[]
}
/** What the control plane is made of. */
export type PlannedControlPlane = NonNullable<Plan['controlPlane']>
/** The clusters of target remote. */
export type PlannedClusters = NonNullable<Plan['remote']>
/** A threshold and where its plan has it; nowhere where the command line gave it. */
export type Threshold = WrittenThreshold & { place?: { file: string; line: number } }

/** A profile under test. */
export interface PlannedArm {
  name?: string | undefined
  /** Its version of Kubernetes, such as `1.36`, where it names one. */
  kubernetes?: string | undefined
  /** The profile's name, wherever its file is. */
  profile: string
  /** What the profile sets, with all that it extends. */
  base: Profile['settings']
  /** Departures from it. */
  set: readonly PlannedDeparture[]
}

/** The arms as a plan has them, each with its profile; undefined where one of the profiles could not be read. */
export function armsWith(
  written: WrittenPlan['arms'],
  profiles: readonly (Profile | undefined)[],
): PlannedArm[] | undefined {
  const arms = written.flatMap(({ name, kubernetes, set }, index) => {
    const profile = profiles[index]
    if (profile === undefined) return []
    return {
      ...(name !== undefined && { name }),
      ...(kubernetes !== undefined && { kubernetes }),
      profile: profile.name,
      base: profile.settings,
      set,
    }
  })
  return arms.length === written.length ? arms : undefined
}

/** What results call an arm. */
export function armName({ name, profile }: Pick<PlannedArm, 'name' | 'profile'>): string {
  return name ?? profile
}

/** The version of Kubernetes that an arm asks for; undefined where neither it nor its plan does. */
export function kubernetesOf(plan: Pick<Plan, 'kubernetes'>, arm: Pick<PlannedArm, 'kubernetes'>): string | undefined {
  return arm.kubernetes ?? plan.kubernetes
}

/** Names one go at an arm, such as `tuned-2`: in files, and in the progress view. */
export function armIdOf(arm: string, repetition: number): string {
  return `${arm}-${repetition}`
}
