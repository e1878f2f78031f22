import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listTree } from '../base/files.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import type { TuneRenderOptions } from './tune-command.ts'
import { tuneRenderCommand } from './tune-command.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-tune-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function printed(options: Partial<TuneRenderOptions> = {}): string {
  const lines: string[] = []
  const surroundings = surroundingsForTests('', (line) => lines.push(line))
  expect(tuneRenderCommand({ profile: 'tuned', for: 'kubeadm', ...options }, surroundings)).toBe(0)
  return lines.join('\n')
}

describe('tuneRenderCommand', () => {
  it('should print each file under its path, how to apply all in order, and what they do not hold', () => {
    const text = printed()
    expect(text).toContain('==> patches/kubeletconfiguration+merge.yaml\n# Profile tuned for Kubernetes 1.37')
    expect(text).toMatch(/Apply, in this order\n {2}1\. {2}etc\/modules-load\.d[\s\S]* 2\. {2}etc\/sysctl\.d/)
    expect(text).toMatch(/Not in these files\n[\s\S]* {2}etcd\.nice=-20\n {6}kubeadm runs etcd in a static pod/)
    expect(text).toMatch(
      /Good to know\n[\s\S]* {2}conntrack\.maxPerCore is 144420 per core: 2310720 on hosts with 16 cores;/,
    )
  })

  it('should write the same files into a folder instead', () => {
    const output = join(folder, 'files')
    const text = printed({ output, cores: 8 })
    expect(text).not.toContain('==>')
    expect(text).toContain('wrote 6 files to ')
    expect(listTree(output)).toContain(join('etc', 'sysctl.d', '90-scale-test.conf'))
    expect(readFileSync(join(output, 'kube-proxy-configuration.yaml'), 'utf8')).toContain('maxPerCore: 288840')
  })

  it('should keep within 80 columns, but for files and commands', () => {
    const told = printed({ output: join(folder, 'narrow') }).split('\n')
    expect(told.filter((line) => line.length > 80 && !line.startsWith('        $ '))).toEqual([])
  })

  it('should say of files that one step applies that they are one', () => {
    expect(printed({ for: 'kubespray' })).toMatch(
      / 2\. {2}group_vars\/k8s_cluster\/scale-test\.yml, group_vars\/all\/scale-test-etcd\.yml\n/,
    )
  })

  it('should say that a profile sets nothing', () => {
    expect(printed({ profile: 'stock' })).toBe('profile stock sets nothing: there is nothing to apply')
  })

  it('should write for another version of Kubernetes', () => {
    expect(printed({ kubernetes: '1.36' })).toContain('name: concurrent-service-syncs')
    expect(printed()).toContain('kube-controller-manager 1.37 has no flag "concurrent-service-syncs"')
  })

  it('should refuse a folder that is not empty, and touch nothing in it', () => {
    const output = join(folder, 'taken')
    mkdirSync(output)
    writeFileSync(join(output, 'mine'), 'mine')
    expect(() => printed({ output })).toThrow(/taken is not empty/)
    expect(listTree(output)).toEqual(['mine'])
    expect(() => printed({ output: join(output, 'mine') })).toThrow(/is not a folder/)
  })

  it('should refuse what it does not know', () => {
    expect(() => printed({ profile: 'tund' })).toThrow(/there is no profile "?tund"?.*did you mean tuned\?/)
    expect(() => printed({ kubernetes: '1.12' })).toThrow(/1\.12/)
  })

  it('should refuse values of which a component would not start', () => {
    const profile = join(folder, 'conflict.yaml')
    writeFileSync(
      profile,
      'name: conflict\nset:\n  - { knob: etcd.heartbeatInterval, value: 500, because: the election timeout is too short }\n',
    )
    expect(() => printed({ profile })).toThrow(/profile conflict: etcd would not start: etcd.electionTimeout is 1000/)
  })
})
