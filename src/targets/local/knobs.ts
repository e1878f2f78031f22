import { readKernelFile } from '../../base/files.ts'
import type { Knob, KnobReading } from '../../tuning/knob.ts'
import { refusalOf } from '../../tuning/open-knobs.ts'
import { fixedOnHollowNodes } from '../hollow-kubelets.ts'
import type { RawReading } from '../read-back.ts'
import { readKnobs as readPages, splitFlag, splitOf } from '../read-back.ts'
import type { KnobSupport } from '../target.ts'
import { readIoPriority, readNice } from './priority.ts'
import type { RunningComponent } from './running.ts'

/** What this machine lets a run do. */
export interface Permissions {
  mayRaisePriority: boolean
  hasIonice: boolean
}

/** Which knobs the local target honours with a version of Kubernetes, `1.37`, and why not the others. */
export function supportOf(knob: Knob, permissions: Permissions, kubernetes: string): KnobSupport {
  const { component, setting } = knob
  if (component === 'kube-proxy' && setting.via !== 'by-hand')
    return no('hollow nodes on this target run no kube-proxy')
  const refusal = refusalOf(knob, null, kubernetes) ?? fixedOnHollowNodes(knob)
  if (refusal !== undefined) return no(refusal)
  switch (setting.via) {
    case 'kubelet-config':
    case 'kube-scheduler-config':
    case 'flag':
    case 'feature-gate':
    case 'environment':
    case 'etcd-split':
      return { supported: true }
    case 'process':
      if (setting.attribute === 'nice' && !permissions.mayRaisePriority)
        return no('only root, or a user with CAP_SYS_NICE, may raise a priority')
      if (setting.attribute === 'io-priority' && !permissions.hasIonice)
        return no('ionice (of util-linux) is not installed')
      return { supported: true }
    case 'kube-proxy-config':
      throw new Error('settings of kube-proxy have been refused')
    case 'sysctl':
      return no('a machine-wide setting, which the run leaves alone')
    case 'by-hand':
      return no(`set by hand: ${setting.what}`)
  }
}

/** What the running components say about `knobs`, in their order; null where none of them says anything. */
export function readKnobs(knobs: readonly Knob[], components: readonly RunningComponent[]): Promise<KnobReading[]> {
  const readable = components.map(({ component, name, endpoint, pid }) => ({
    component,
    name,
    readPage: (path: string) => endpoint.readText(path),
    readProcess: (knob: Knob) => readProcess(knob, pid),
  }))
  return readPages(knobs, readable)
}

/** What the kernel says of a process about a knob: several values when its threads differ. */
async function readProcess({ readBack, setting, stock }: Knob, pid: number): Promise<RawReading[]> {
  if (readBack.from === 'process arguments' || readBack.from === '/flagz') {
    const commandLine = readKernelFile(`/proc/${pid}/cmdline`).split('\0')
    const flag = setting.via === 'flag' ? setting.flag : setting.via === 'etcd-split' ? splitFlag : undefined
    const value = commandLine
      .find((text) => text.startsWith(`--${flag}=`))
      ?.split('=')
      .slice(1)
      .join('=')
    if (value !== undefined) return [{ value: flag === splitFlag ? splitOf(value) : value, from: 'process arguments' }]
    return stock === null ? [] : [{ value: stock, from: 'process arguments (absent: built-in value)' }]
  }
  if (setting.via === 'environment') {
    const prefix = `${setting.variable}=`
    const given = readKernelFile(`/proc/${pid}/environ`)
      .split('\0')
      .find((text) => text.startsWith(prefix))
    return given === undefined ? [] : [{ value: given.slice(prefix.length), from: '/proc/PID/environ' }]
  }
  if (setting.via !== 'process') return []
  if (setting.attribute === 'nice') return readNice(pid).map((value) => ({ value, from: '/proc' }))
  return (await readIoPriority(pid)).map((value) => ({ value, from: 'ionice -p' }))
}

function no(because: string): KnobSupport {
  return { supported: false, because }
}
