import { randomBytes } from 'node:crypto'
import { dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { freeBytes, kindOf, remove, writeFileWhole } from '../base/files.ts'
import { describeThisMachine, readThisMachine } from '../record/this-machine.ts'
import { calibrate, calibrationFleet, calibrationSizes } from '../run/calibrate.ts'
import { localTarget } from '../targets/local/index.ts'
import { plainView } from './plain-view.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'

export interface CalibrateOptions {
  output?: string
  nodes: number
}

/** Measures on target local what a simulation needs to know and writes it down; logs stay only of what went wrong. */
export async function calibrateCommand(
  { output, nodes }: CalibrateOptions,
  { folders, terminal, env, interruption }: Surroundings,
  sizes = calibrationSizes(nodes),
): Promise<number> {
  const measuredAt = new Date().toISOString()
  const path = output === undefined ? join(folders.reports, 'calibration.json') : resolve(output)
  const runId = `calibration-${measuredAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`
  const runFolder = join(folders.reports, runId)
  const target = localTarget({ runId, runFolder, componentsSource: folders.components, env, clock: systemClock })
  if (kindOf(path) === 'folder')
    throw new Failure('bad-input', `${path} is a folder`, { next: 'Give --output a file name' })
  // Before five minutes of measuring.
  freeBytes(dirname(path))
  interruption.hint = `to remove what it left behind: npm run scale-test -- cleanup --run ${runId}`

  const { signal } = interruption
  const fleet = calibrationFleet(sizes)
  const arms = [{ name: 'calibration', requests: [] }]
  await withStatusLine(terminal, (onProgress) => target.prepare({ fleet, arms, signal, onProgress }))
  const calibration = await calibrate({
    target,
    sizes,
    clock: systemClock,
    measuredAt,
    machine: describeThisMachine(),
    readMachine: readThisMachine,
    signal,
    emit: plainView(terminal, systemClock.nowMs),
  })
  writeFileWhole(path, `${JSON.stringify(calibration, null, 2)}\n`)
  remove(runFolder)
  terminal.print(`calibration written: ${relative(process.cwd(), path)}`)
  return exitCodes.pass
}
