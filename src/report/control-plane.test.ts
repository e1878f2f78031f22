import { describe, expect, it } from 'vitest'
import type { ArmOutcome, ControlPlaneOutcome, KnobOutcome } from '../result/result.ts'
import { sampleArm } from '../testing/results.ts'
import { controlPlaneSection, peerRoundTrip } from './control-plane.ts'
import { itemsOf } from './section.ts'

const vda = { kind: 'disk', name: 'vda', fileSystem: 'ext4' } as const
const times = { rollout: { created: 1, ready: 2, available: 2 }, scaleDown: { rsCurrent: 1, deleted: 2 } }
const heartbeat: KnobOutcome = {
  id: 'etcd.heartbeatInterval',
  component: 'etcd',
  setting: '--heartbeat-interval',
  requested: 250,
  effective: 250,
  readFrom: 'process arguments',
  status: 'applied',
}
const armWith = (etcd?: Partial<ControlPlaneOutcome['etcd']>, more: Partial<ArmOutcome> = {}): ArmOutcome => ({
  ...sampleArm('tuned', 1, 1, times),
  ...(etcd !== undefined && { controlPlane: { apiservers: 2, etcd: { members: 1, dataDisk: vda, ...etcd } } }),
  knobs: [heartbeat],
  ...more,
})
/** Everything that is said, in one line a block. */
const said = (arm: ArmOutcome) =>
  controlPlaneSection([arm])
    .flatMap(({ blocks }) => blocks)
    .map((block) =>
      block.kind === 'table'
        ? block.groups
            .flatMap(({ rows }) => rows.flat().flatMap(itemsOf))
            .map(({ text, detail = '' }) => `${text} [${detail}]`)
            .join(' | ')
        : 'text' in block
          ? block.text
          : '',
    )

describe('controlPlaneSection', () => {
  it('should say nothing of a plan that says nothing', () => {
    expect(controlPlaneSection([armWith()])).toEqual([])
  })

  it('should advise a heartbeat from the round trip that was measured, not from the one that was asked for', () => {
    const [table = ''] = said(armWith({ members: 3, roundTrip: { askedMs: 5, measuredMs: 6.2, leastMs: 5.5 } }))
    expect(table).toContain('6.2 ms [median at the start, shortest 5.5 ms; the plan asks for 5 ms]')
    expect(table).toContain('250 ms [advised: 3 ms to 9 ms, election-timeout at least 62 ms]')
  })

  it('should say that a heartbeat has no effect when there is one member', () => {
    expect(said(armWith({}))[0]).toContain('250 ms [no effect: one member]')
  })

  it('should go by what etcd measures when the cluster is somebody else’s', () => {
    const distribution = { count: 9, missing: 0, p50: 12, p90: 13, p99: 14, max: null }
    const series = [
      { name: peerRoundTrip, labels: {}, unit: 'ms' as const, evidence: 'measured' as const, gaps: [], distribution },
    ]
    const [table = ''] = said(armWith(undefined, { series }))
    expect(table).toContain('12 ms [etcd')
    expect(table).toContain('advised: 6 ms to 18 ms')
  })

  it.each([
    ['a loop device on the disk of the data', { kind: 'loop', name: 'loop0', fileSystem: 'ext4', on: 'vda' }, true],
    ['another folder of the disk of the data', vda, true],
    ['another disk', { ...vda, name: 'vdb' }, false],
    ['memory', { kind: 'memory', name: 'tmpfs', fileSystem: 'tmpfs' }, false],
  ] as const)('should tell whether %s is a second disk', (_, walDisk, isShared) => {
    const notes = said(armWith({ walDisk })).slice(1)
    expect(notes).toHaveLength(isShared ? 1 : 0)
    for (const note of notes) expect(note).toContain('no second disk: tuned #1')
  })

  it('should show what a neighbour wrote', () => {
    const neighbour = { bytes: 100 * 2 ** 20, syncs: 100, durationMs: 2000 }
    expect(said(armWith({ neighbour }))[0]).toContain('50.0 MiB/s [100 syncs in 2.00 s]')
  })
})
