import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import { isInstalled, mayRaisePriority, readIoPriority, readNice, withPriority } from './priority.ts'

const env = { PATH: process.env['PATH'] ?? '' }

describe('withPriority', () => {
  it('should leave the command alone when nothing is asked', () => {
    expect(withPriority(['etcd', '--name=x'], {})).toEqual(['etcd', '--name=x'])
  })

  it.each([
    ['best-effort: prio 0', ['-c', '2', '-n', '0']],
    ['realtime: prio 3', ['-c', '1', '-n', '3']],
    ['none: prio 0', ['-c', '0']],
    ['idle', ['-c', '3']],
  ])('should translate %s when it is written as ionice prints it', (ioPriority, options) => {
    expect(withPriority(['etcd'], { ioPriority })).toEqual(['ionice', ...options, 'etcd'])
  })

  it('should refuse when it is not an I/O priority', () => {
    expect(() => withPriority(['etcd'], { ioPriority: 'high' })).toThrow('"high" is not an I/O priority')
  })

  it('should give options of ionice or refuse, whatever an I/O priority says', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^(none|idle|best-effort|realtime)(: prio \d)?$/),
    )
    fc.assert(
      fc.property(text, (ioPriority) => {
        try {
          const [program, ...options] = withPriority(['etcd'], { ioPriority })
          expect([program, options.at(-1)]).toEqual(['ionice', 'etcd'])
          for (const option of options.slice(0, -1)) expect(option).toMatch(/^(-c|-n|\d)$/)
        } catch (error) {
          expect(error).toBeInstanceOf(Failure)
        }
      }),
    )
  })

  it.runIf(isInstalled('ionice', env))('should be read back from all threads when the program runs', async () => {
    const [program = '', ...args] = withPriority(
      [process.execPath, '-e', 'console.log(1); setInterval(() => {}, 1e9)'],
      {
        nice: 3,
        ioPriority: 'best-effort: prio 6',
      },
    )
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await once(child.stdout, 'data')
      expect(readNice(child.pid ?? 0)).toEqual([3])
      expect(await readIoPriority(child.pid ?? 0)).toEqual(['best-effort: prio 6'])
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('mayRaisePriority', () => {
  it('should agree with the kernel when it is asked', async () => {
    const child = spawn('nice', ['-n', '-5', 'sleep', '0'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (text) => {
      complaint += text
    })
    await once(child, 'close')
    expect(mayRaisePriority()).toBe(complaint === '')
  })
})

describe('isInstalled', () => {
  it('should look along the PATH when it is asked', () => {
    expect(isInstalled('sh', env)).toBe(true)
    expect(isInstalled('no-such-program', env)).toBe(false)
    expect(isInstalled('sh', {})).toBe(false)
  })
})
