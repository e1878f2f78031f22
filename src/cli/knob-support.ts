import { supportOf as onLocal } from '../targets/local/knobs.ts'
import { supportOf as onRemote } from '../targets/remote/knobs.ts'
import { supportOf as inSimulation } from '../targets/sim/knobs.ts'
import type { KnobSupport } from '../targets/target.ts'
import type { Knob } from '../tuning/knob.ts'
import { knownIn } from '../tuning/known-settings.ts'
import type { TargetName } from './target-names.ts'

/** What a target makes of a knob: as a rule, and elsewhere where that differs. */
interface Told {
  targets: TargetName[]
  text: string
}

/** Whether a knob acts on each target, and why not; targets of which the same is to be said together. */
export function supportLines(knob: Knob): Told[] {
  const { version } = knownIn(undefined)
  const privileged = { mayRaisePriority: true, hasIonice: true, hasWalDisk: true }
  const unprivileged = { mayRaisePriority: false, hasIonice: false, hasWalDisk: false }
  const texts: Record<TargetName, string> = {
    local: either(onLocal(knob, privileged, version), onLocal(knob, unprivileged, version), 'may not act:'),
    sim: either(
      inSimulation(knob, { kubeProxy: true }),
      inSimulation(knob, { kubeProxy: false }),
      'without kube-proxies:',
    ),
    remote: either(onRemote(knob, { source: 'hollow' }), onRemote(knob, { source: 'existing' }), 'on your own nodes:'),
  }
  const lines: Told[] = []
  for (const target of ['local', 'sim', 'remote'] as const) {
    const same = lines.find(({ text }) => text === texts[target])
    if (same === undefined) lines.push({ targets: [target], text: texts[target] })
    else same.targets.push(target)
  }
  return lines
}

function either(usual: KnobSupport, other: KnobSupport, where: string): string {
  const [text, otherText] = [inWords(usual), inWords(other)]
  // Where it does not act at all, the first reason will do.
  return text === otherText || !usual.supported ? text : `${text}; ${where} ${otherText}`
}

function inWords(support: KnobSupport): string {
  if (!support.supported) return support.because
  if (support.setBy === 'operator') return 'set by the operator, read back by scale-test'
  const { note = 'acts' } = support
  return note.startsWith('acts') ? note : `acts; ${note}`
}
