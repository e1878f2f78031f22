import { describe, expect, it } from 'vitest'
import { complaintsAbout } from './rooms.ts'

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

  it('should refuse a folder that is no room', () => {
    expect(complaintsAbout('utils/helpers.ts', '')).toHaveLength(1)
  })
})
