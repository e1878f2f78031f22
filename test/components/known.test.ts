import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { minorOf } from '../../src/base/kubernetes-version.ts'
import { locateComponents, readModulePins, requireComponents } from '../../src/components/components.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { describeWithComponents, root } from '../e2e/components.ts'

interface KnownFlag {
  type: string
  default: string
  deprecated?: boolean
}
interface KnownGate {
  default: boolean
  stage: string
}

const sourceFolder = join(root, 'components')
const minor = minorOf(readModulePins({ sourceFolder }).kubernetes)
const known = JSON.parse(readFileSync(join(root, 'src', 'tuning', 'known', `${minor}.json`), 'utf8'))

function said(binary: string, ...args: string[]): string {
  const folder = requireComponents(locateComponents(localComponents(sourceFolder), process.env))
  const { stdout, stderr } = spawnSync(join(folder, binary), args, { encoding: 'utf8' })
  return stderr + stdout
}

/** Names of flags, each with the rest of its lines. */
function* flagsIn(text: string): Generator<[string, string]> {
  const entry = /^ {2,6}(?:-\w, )?--([\w-]+)(.*(?:\n {10}.*)*)/gm
  for (const [, name = '', rest = ''] of text.matchAll(entry))
    if (!['help', 'version'].includes(name)) yield [name, rest]
}

/** What pflag says in a flag's line, instead of the type that its value has. */
const shownTypes: Readonly<Record<string, string>> = {
  bool: '',
  stringSlice: 'strings',
  int64: 'int',
  float64: 'float',
  moduleSpec: 'pattern=N,...',
}

const empty = ['', '0', '0s', 'false', '[]', '<nil>']

describeWithComponents('known', () => {
  it.each(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])(
    'should have the flags and gates of %s when that is asked for help',
    (component) => {
      const text = said(component, '--help')
      const flags: Record<string, KnownFlag> = { ...known[component].flags }
      for (const [name, rest] of flagsIn(text)) {
        const { type, default: value } = flags[name] ?? { type: 'none', default: '' }
        const shownType = /^ (\S+) {3}/.exec(rest)?.[1] ?? ''
        expect([type, shownTypes[type]], name).toContain(shownType)
        const shown = /\(default ("(.*?)"|\[.*?\]|[^()]*)\)/.exec(rest)
        if (shown === null) expect(empty, name).toContain(value)
        else expect(value, name).toBe(shown[2] ?? shown[1])
        delete flags[name]
      }
      // Deprecated ones are not shown.
      expect(Object.keys(flags).filter((name) => flags[name]?.deprecated !== true)).toEqual([])

      // What goes behind "or" holds only with --min-compatibility-version.
      const shown = [...text.matchAll(/(?<!, or )\b(\w+)=true\|false \((\w+) - default=(\w+)\)/g)].map(
        ([, name = '', stage, value]) => [name, { default: value === 'true', stage }] as const,
      )
      const gates: [string, KnownGate][] = Object.entries(known[component].featureGates)
      // Nor are gates that are generally available, or deprecated.
      const early = gates.filter(([, { stage }]) => ['ALPHA', 'BETA'].includes(stage))
      expect(Object.fromEntries(early)).toEqual(Object.fromEntries(shown))
    },
  )

  it('should have the flags of etcd when that is asked for help', () => {
    const flags: Record<string, KnownFlag> = { ...known.etcd.flags }
    for (const [, name = '', shown = '', words = ''] of said('etcd', '--help').matchAll(
      /^ {2}(?:etcd )?--([\w-]+)(.*)\n {4}(.*)/gm,
    )) {
      if (name === 'version') continue
      const { default: value, deprecated = false } = flags[name] ?? { default: 'none' }
      if (flags[name] === undefined) {
        // 3.7 still explains flags that it has no more.
        expect(said('etcd', `--${name}=x`), name).toContain('flag provided but not defined')
        continue
      }
      expect(deprecated, name).toBe(/(^|\. )deprecated/i.test(words))
      // Some are shown without a value, and those of deprecated ones are what their successors have.
      const stated = /^ '?([^']+)/.exec(shown)?.[1]?.replace('math.MaxUint32', '4294967295')
      if (stated !== undefined && !deprecated) expect(value.replace(/(?<=[hm])0[ms]/g, ''), name).toBe(stated)
      delete flags[name]
    }
    expect(Object.keys(flags)).toEqual([])
  })
})
