import { describe, expect, it } from 'vitest'
import { complaintsAbout, complaintsAboutCircles } from './rooms.ts'

describe('complaintsAbout', () => {
  it('should accept imports from below and from the same room', () => {
    const source = `import { a } from '../kube/api.ts'\nimport type { B } from './step.ts'`
    expect(complaintsAbout('steps/probe.ts', source)).toEqual([])
  })

  it('should refuse an import from above, also of a type and a dynamic one', () => {
    expect(complaintsAbout('kube/http.ts', `import type { R } from '../run/run.ts'`)).toHaveLength(1)
    expect(complaintsAbout('kube/http.ts', `const r = await import('../run/run.ts')`)).toHaveLength(1)
    expect(complaintsAbout('kube/http.ts', `export { r } from '../run/run.ts'`)).toHaveLength(1)
  })

  it('should refuse one target importing another, and allow the port they share', () => {
    expect(complaintsAbout('targets/local/index.ts', `import { x } from '../sim/kernel.ts'`)).toHaveLength(1)
    expect(complaintsAbout('targets/local/arguments/etcd.ts', `import { x } from '../../target.ts'`)).toEqual([])
    expect(complaintsAbout('targets/local/arguments/etcd.ts', `import { x } from '../pki.ts'`)).toEqual([])
  })

  it('should refuse the clock, the environment and chance outside adapters', () => {
    expect(complaintsAbout('run/run.ts', 'const t = Date.now()')).toHaveLength(1)
    expect(complaintsAbout('steps/probe.ts', 'const e = process.env')).toHaveLength(1)
    expect(complaintsAbout('cli/run-command.ts', 'const t = Date.now()')).toEqual([])
  })

  it('should refuse bare files outside of their adapter', () => {
    for (const source of [`import fs from 'node:fs'`, `import {\n  readFile,\n} from 'node:fs/promises'`])
      expect(complaintsAbout('run/run.ts', source)).toHaveLength(1)
    expect(complaintsAbout('base/files.ts', `import { readSync } from 'node:fs'`)).toEqual([])
    expect(complaintsAbout('run/run.test.ts', `import { readSync } from 'node:fs'`)).toEqual([])
  })

  it('should refuse what only tests use in what ships, and allow it in tests', () => {
    const source = `import { planForTests } from '../testing/plans.ts'`
    expect(complaintsAbout('run/run.ts', source)).toHaveLength(1)
    expect(complaintsAbout('run/run.test.ts', source)).toEqual([])
    expect(complaintsAbout('testing/fake-api.ts', `import { a } from '../kube/api.ts'`)).toEqual([])
  })

  it('should refuse a folder that is no room', () => {
    expect(complaintsAbout('utils/helpers.ts', '')).toHaveLength(1)
  })
})

describe('complaintsAboutCircles', () => {
  it('should name a circle once, also where a part of it is only a type or is imported while running', () => {
    const circle = new Map([
      ['main.ts', `import './run/a.ts'`],
      ['run/a.ts', `import type { B } from './b.ts'`],
      ['run/b.ts', `const c = await import('../base/c.ts')`],
      ['base/c.ts', `export { a } from '../run/a.ts'`],
    ])
    expect(complaintsAboutCircles(circle)).toEqual([
      'run/a.ts imports run/b.ts imports base/c.ts imports run/a.ts: a circle',
    ])
  })

  it('should refuse a file that imports itself', () => {
    expect(complaintsAboutCircles(new Map([['run/a.ts', `import './a.ts'`]]))).toHaveLength(1)
  })

  it('should name every circle', () => {
    const two = new Map([
      ['run/a.ts', `import './b.ts'\nimport './c.ts'`],
      ['run/b.ts', `import './a.ts'`],
      ['run/c.ts', `import './a.ts'`],
    ])
    expect(complaintsAboutCircles(two)).toHaveLength(2)
  })

  it('should accept two ways to one file', () => {
    const diamond = new Map([
      ['run/a.ts', `import './b.ts'\nimport './c.ts'`],
      ['run/b.ts', `import './d.ts'`],
      ['run/c.ts', `import './d.ts'`],
      ['run/d.ts', ''],
    ])
    expect(complaintsAboutCircles(diamond)).toEqual([])
  })
})
