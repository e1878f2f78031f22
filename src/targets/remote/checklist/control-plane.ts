import { plural } from '../../../base/count.ts'
import type { ClusterFacts, NodeFact } from './facts.ts'
import type { Judgement, Topic } from './judge.ts'
import { cannotSee, fail, few, pass, whereSeen } from './judge.ts'
import { managedBy } from './providers.ts'

const addNodes = 'Add control-plane nodes: with three, the cluster survives the loss of one'

/** How many machines the control plane has, and what they share. */
export const controlPlane: Topic = {
  title: 'Control plane',
  lines: [
    {
      id: 'control-plane-nodes',
      title: 'Several control-plane nodes',
      judge: (facts) =>
        judgeNodes(facts, (nodes) =>
          nodes.length === 1
            ? fail('1 control-plane node: the cluster stops with it', addNodes)
            : pass(`${nodes.length} control-plane nodes: ${few(nodes.map(({ name }) => name))}`),
        ),
    },
    {
      id: 'control-plane-zones',
      title: 'Spread over zones',
      judge: (facts) => judgeNodes(facts, spread, 'where it runs is unknown'),
    },
  ],
}

/** Judges the control-plane nodes; where none is registered, what the apiservers themselves show of their number. */
function judgeNodes(
  { nodes, managed, apiservers }: ClusterFacts,
  judge: (nodes: readonly NodeFact[]) => Judgement,
  otherwise?: string,
): Judgement {
  return whereSeen(nodes, (all) => {
    const own = all.filter(({ isControlPlane }) => isControlPlane)
    if (own.length > 0) return judge(own)
    if (managed !== undefined) return cannotSee(managedBy(managed))
    const none = 'no control-plane node is registered'
    const count = Math.max(apiservers.answering, apiservers.registered ?? 0)
    if (otherwise !== undefined || count === 0) {
      return cannotSee({
        because: `${none}${otherwise === undefined ? '' : `, so ${otherwise}`}`,
        next: 'Register them as nodes, or label them: node-role.kubernetes.io/control-plane',
      })
    }
    return count === 1
      ? fail(`${none}, and 1 apiserver answers`, addNodes)
      : pass(`${none}, but ${count} apiservers answer or are registered`)
  })
}

/** Losing any one zone has to leave a majority: etcd's members need one to write. */
function spread(nodes: readonly NodeFact[]): Judgement {
  if (nodes.length === 1) return fail('1 control-plane node cannot be spread', addNodes)
  const unlabelled = nodes.filter(({ zone }) => zone === undefined)
  if (unlabelled.length > 0) {
    return cannotSee({
      because: `no zone on ${plural(unlabelled.length, 'node')}: ${few(unlabelled.map(({ name }) => name))}`,
      next: 'Label each with where it is: kubectl label node NODE topology.kubernetes.io/zone=ZONE',
    })
  }
  const zones = Map.groupBy(nodes, ({ zone }) => zone ?? '')
  const shown = [...zones].map(([zone, own]) => `${own.length} in ${zone}`).join(', ')
  const largest = Math.max(...[...zones.values()].map(({ length }) => length))
  const majority = Math.floor(nodes.length / 2) + 1
  return nodes.length - largest >= majority
    ? pass(`a majority is left when a zone is lost: ${shown}`)
    : fail(
        `losing one zone leaves no majority: ${shown}`,
        'Move control-plane nodes so that no zone has half of them; hosts under virtual machines count, too',
      )
}
