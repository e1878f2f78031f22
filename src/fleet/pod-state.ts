import type { Pod } from '../kube/resources.ts'
import { isReady } from '../kube/resources.ts'

/** What keeps a pod from running: at once, or only if it lasts, since it may pass by itself. */
export interface PodTrouble {
  because: string
  next: string
  lasting: 'at-once' | 'if-it-lasts'
}

interface ContainerState {
  waiting?: { reason?: string; message?: string }
  running?: object
  terminated?: { exitCode: number; signal?: number; reason?: string; message?: string }
}

interface ContainerStatus {
  imageID?: string
  state?: ContainerState
  lastState?: ContainerState
}

/** Of a container that cannot start: what does not pass, and what a registry, a node or a late Secret may be the cause of. */
const hopeless = new Set(['InvalidImageName', 'ErrImageNeverPull'])
const imageReasons = new Set([
  ...hopeless,
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'RegistryUnavailable',
])
const startReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/** What is wrong with a hollow-node pod, if anything; a hollow node never ends by itself, so that an end is trouble. */
export function troubleOf(pod: Pod): PodTrouble | undefined {
  const { status } = pod
  const [container] = containersOf(pod)
  const ended = container?.state?.terminated ?? container?.lastState?.terminated
  if (ended !== undefined && pod.metadata.deletionTimestamp === undefined) {
    const { exitCode, reason = 'Error', message = '' } = ended
    const cause = reason === 'Error' ? '' : ` (${reason})`
    return {
      because: `hollow-node ended with status ${exitCode}${cause}${quoted(lastLines(message))}`,
      next:
        reason === 'OOMKilled'
          ? 'Fewer nodes per pod (fleet.nodesPerProcess) take less memory'
          : 'Its message says what its machine or the plan lacks',
      lasting: 'at-once',
    }
  }
  const { reason = '', message = '' } = container?.state?.waiting ?? {}
  if (imageReasons.has(reason)) {
    return {
      because: `the image cannot be pulled: ${reason}${quoted(message)}`,
      next: 'Load the image onto the machines (make image says how), or choose another image or pull policy: fleet.pods.image, fleet.pods.imagePullPolicy',
      lasting: hopeless.has(reason) ? 'at-once' : 'if-it-lasts',
    }
  }
  if (startReasons.has(reason)) {
    return {
      because: `the container cannot start: ${reason}${quoted(message)}`,
      next: "Check the machine's kubelet and container runtime",
      lasting: 'if-it-lasts',
    }
  }
  if (status?.phase === 'Failed') {
    const { reason: failure = 'Failed', message: words = '' } = status as { reason?: string; message?: string }
    return { because: `${failure}${quoted(words)}`, next: 'Check its machine', lasting: 'at-once' }
  }
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return {
      because: `no machine takes it${quoted(scheduled.message ?? '')}`,
      next: 'Make room on the machines, or change fleet.hosts, fleet.nodesPerProcess or fleet.pods.hostSelector',
      lasting: 'if-it-lasts',
    }
  }
  return undefined
}

/** A pod in a few words: `Running on host-1, not ready`. */
export function stateOf(pod: Pod | undefined): string {
  if (pod === undefined) return 'its pod does not exist'
  const trouble = troubleOf(pod)
  if (trouble !== undefined) return trouble.because
  const { spec, status, metadata } = pod
  const where = spec.nodeName === undefined ? '' : ` on ${spec.nodeName}`
  if (metadata.deletionTimestamp !== undefined) return `its pod is being deleted${where}`
  const waiting = containersOf(pod)[0]?.state?.waiting?.reason
  const how = waiting === undefined ? (status?.phase ?? 'Pending') : `${status?.phase ?? 'Pending'} (${waiting})`
  return `its pod is ${how}${where}${isReady(pod) ? '' : ', not ready'}`
}

/** Digests of the images that pods run, as their machines report them. */
export function imagesOf(pods: Iterable<Pod>): string[] {
  const images = new Set<string>()
  for (const pod of pods)
    for (const { imageID } of containersOf(pod)) if (imageID !== undefined && imageID !== '') images.add(imageID)
  return [...images].sort()
}

function containersOf({ status }: Pod): ContainerStatus[] {
  return (status?.containerStatuses as ContainerStatus[] | undefined) ?? []
}

const shownLines = 3
const shownCharacters = 500

/** The end of what a container said: there the reason is. */
function lastLines(message: string): string {
  return message.trim().split('\n').slice(-shownLines).join(' | ')
}

function quoted(text: string): string {
  const short = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
  return short === '' ? '' : `: ${short}`
}
