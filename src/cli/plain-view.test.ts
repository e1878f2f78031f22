import { describe, expect, it } from 'vitest'
import { plainView } from './plain-view.ts'
import { createStatusLine } from './status-line.ts'
import type { Terminal } from './terminal.ts'

function recordingTerminal(interactive = false) {
  const lines: string[] = []
  const terminal: Terminal = {
    print: (line) => lines.push(line),
    printError: (line) => lines.push(line),
    printAtOnce: (line) => lines.push(line),
    write: (text) => lines.push(text),
    interactive,
    columns: 20,
  }
  return { terminal, lines }
}

describe('plainView', () => {
  const outline = [{ armId: 'tuned-1', title: 'tuned', steps: [{ stepId: 'rollout', title: 'Rollout 1 -> 200' }] }]
  const step = { armId: 'tuned-1', stepId: 'rollout' }

  it('should print a line when a step ends, and its progress only now and then', () => {
    const { terminal, lines } = recordingTerminal()
    let nowMs = 0
    const emit = plainView(terminal, () => nowMs)
    emit({ type: 'run-started', run: 'r', plan: 'p', target: 'local', outline })
    emit({ type: 'step-started', ...step })
    for (nowMs = 0; nowMs <= 25_000; nowMs += 100)
      emit({ type: 'step-progress', ...step, elapsedMs: nowMs, done: nowMs / 100, total: 400 })
    emit({ type: 'step-finished', ...step, durationMs: 25_000, text: 'available 24.9 s' })
    expect(lines).toEqual([
      'run r: plan p on target local',
      expect.stringMatching(/^ {3}10\.0 s {2}tuned: Rollout 1 -> 200: █+░+ 100\/400, 10\.0\/s, 30\.0 s left$/),
      expect.stringMatching(/^ {3}20\.0 s {2}tuned: Rollout 1 -> 200: █+░+ 200\/400, 10\.0\/s, 20\.0 s left$/),
      '   25.0 s  tuned: Rollout 1 -> 200: available 24.9 s',
    ])
  })

  it('should say what failed', () => {
    const { terminal, lines } = recordingTerminal()
    const emit = plainView(terminal, () => 0)
    emit({ type: 'run-started', run: 'r', plan: 'p', target: 'local', outline })
    emit({ type: 'step-failed', ...step, message: 'etcd died' })
    expect(lines.at(-1)).toBe('           tuned: Rollout 1 -> 200: FAILED: etcd died')
  })
})

describe('createStatusLine', () => {
  it('should write over itself within the width of a terminal', () => {
    const { terminal, lines } = recordingTerminal(true)
    const status = createStatusLine(terminal, () => 0)
    status.update('building kube-apiserver (2 of 5)')
    status.clear()
    expect(lines).toEqual(['\r\u001b[2Kbuilding kube-apise', '\r\u001b[2K'])
  })

  it('should print a line now and then where nothing can be written over', () => {
    const { terminal, lines } = recordingTerminal()
    let nowMs = 0
    const status = createStatusLine(terminal, () => nowMs)
    for (; nowMs < 40_000; nowMs += 1000) status.update(`${nowMs / 1000} s`)
    status.clear()
    expect(lines).toEqual(['0 s', '15 s', '30 s'])
  })
})
