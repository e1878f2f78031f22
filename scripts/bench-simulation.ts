import { join } from 'node:path'
import process from 'node:process'
import { createRandom } from '../src/base/random.ts'
import { loadPlan } from '../src/cli/plans.ts'
import { defaultCalibration, readCalibration } from '../src/cli/targets.ts'
import { createKernel } from '../src/model/kernel/kernel.ts'
import { productFolders } from '../src/testing/folders.ts'
import { simulate } from './simulate.ts'

const sizes = [1000, 5000, 10_000, 20_000]
/** Of the document's plan, so that all sizes take the same virtual time per node. */
const podsPerNode = 1

/**
 * What an event of the simulation costs in clusters of 1000 to 20000 nodes, as a multiple of an event at which nothing happens, in a queue
 * that is as long: linear when the last column stays what it is.
 */
export async function benchSimulation(root: string, say: (line: string) => void): Promise<void> {
  const calibration = readCalibration(join(root, defaultCalibration))
  say('simulation: the tuned arm of 5k-nodes, with as many pods as nodes')
  let first: number | undefined
  const bareUs = await bareEventUs()
  say(`  an event of the bare kernel takes ${bareUs.toFixed(2)} us`)
  for (const nodes of sizes) {
    const plan = loadPlan('5k-nodes', productFolders, [
      `fleet.nodes=${nodes}`,
      `workload.pods.total=${nodes * podsPerNode}`,
      'workload.sizeClasses[0].minimumPods=10',
      'workload.sizeClasses[1].minimumPods=5',
      'workload.sizeClasses[2].minimumPods=1',
      `simulation.controlPlaneCores=${Math.max(32, Math.ceil((32 * nodes) / 5000))}`,
    ])
    const tuned = { ...plan, arms: plan.arms.slice(1), thresholds: [] }
    const before = process.cpuUsage()
    const { events } = await simulate(tuned, calibration)
    const { user, system } = process.cpuUsage(before)
    const perEventUs = (user + system) / events
    first ??= perEventUs
    const millions = (events / 1e6).toFixed(2).padStart(6)
    const bareEvents = (perEventUs / bareUs).toFixed(1)
    say(
      `  ${String(nodes).padStart(6)} nodes  ${millions} million events, each ${bareEvents} bare ones  x ${(perEventUs / first).toFixed(2)}`,
    )
  }
}

/** Timers that a bare kernel has to keep in order, and how many events of theirs are counted. */
const timers = 5000
const bareEvents = 2_000_000

/** Processor time of an event of the kernel that does nothing but come again. */
async function bareEventUs(): Promise<number> {
  const kernel = createKernel()
  const timeline = kernel.createTimeline()
  const random = createRandom(1, 'bench')
  for (let timer = 0; timer < timers; timer++) {
    const again = () => timeline.after(random.integer(1, 10_000) / 100, again)
    again()
  }
  const before = process.cpuUsage()
  while (kernel.events() < bareEvents) await timeline.clock.sleep(1000)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / kernel.events()
}
