import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { Result } from '../../src/result/result.ts'
import { filledResult } from '../../src/testing/filled-results.ts'
import { htmlOf } from '../../src/testing/reports.ts'
import { sampleResult } from '../../src/testing/results.ts'
import { program } from '../cases/run.ts'

/** A run of two arms with a headline. */
export const measured: Result = sampleResult({ arms: sampleResult().arms.filter(({ repetition }) => repetition === 1) })

/** Results of every kind that reports have to show, made by the program where it takes seconds; `folder` is for its reports. */
export function makePages(folder: string): Record<string, string> {
  const [first, ...others] = sampleResult().thresholds
  if (first === undefined) throw new Error('the sample has thresholds')
  return {
    pass: htmlOf(measured),
    repeated: htmlOf(sampleResult()),
    filled: htmlOf(filledResult()),
    fail: htmlOf(
      sampleResult({
        verdict: 'fail',
        reasons: ['missed: untuned rollout available at most 30.0 s (79.4 s)'],
        thresholds: [{ ...first, verdict: 'fail', max: 30_000 }, ...others],
      }),
    ),
    inconclusive: htmlOf(
      sampleResult({
        verdict: 'inconclusive',
        reasons: ['no figure: untuned rollout available'],
        thresholds: [
          { ...first, verdict: 'inconclusive', actual: null, reason: 'the stop was not reached' },
          ...others,
        ],
      }),
    ),
    partial: htmlOf(
      sampleResult({
        partial: true,
        verdict: 'inconclusive',
        reasons: ['interrupted by SIGINT'],
        arms: measured.arms.map((arm, index) => (index === 0 ? arm : { ...arm, outcome: 'interrupted', steps: [] })),
      }),
    ),
    ...made(folder, 'simulated-5k', ['run', '5k-nodes']),
    ...made(folder, 'seven-arms', [
      'what-if',
      'single-node',
      '--vary',
      'kubelet.kubeAPIQPS=5,10,20,50,100,200,500',
      '--repeat=2',
    ]),
  }
}

/** The pages that a command writes: its report, and what else there is. */
function made(folder: string, name: string, args: readonly string[]): Record<string, string> {
  const reports = join(folder, name)
  const { stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: reports },
    encoding: 'utf8',
  })
  const [run] = readdirSync(reports).filter((entry) => !entry.includes('.'))
  if (run === undefined) throw new Error(`${args.join(' ')} wrote no report:\n${stderr}`)
  const page = (file: string) => readFileSync(join(reports, run, file), 'utf8')
  const whatIf = args[0] === 'what-if' ? { 'what-if': page('what-if.html') } : {}
  return { [name]: page('report.html'), ...whatIf }
}
