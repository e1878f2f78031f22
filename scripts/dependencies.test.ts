import { describe, expect, it } from 'vitest'
import { complaintsAboutDependencies } from './dependencies.ts'

const good = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' }
const complaintsOf = (locked: object, installed?: string) =>
  complaintsAboutDependencies({ packages: { '': {}, 'node_modules/@a/b': { ...good, ...locked } } }, () => installed)

describe('dependencies', () => {
  it.each([
    {},
    { license: '(GPL-3.0 OR MIT)' },
    { license: 'MPL-2.0', dev: true },
    { resolved: 'https://registry.npmjs.org/b/-/b-1.0.0.tgz' },
  ])('should be taken when they are like %o', (locked) => {
    expect(complaintsOf(locked)).toEqual([])
  })

  it.each([
    [{ license: 'AGPL-3.0' }, /licence AGPL-3.0/],
    [{ license: 'MPL-2.0' }, /licence MPL-2.0/],
    [{ license: 'MIT AND GPL-3.0' }, /licence MIT AND GPL-3.0/],
    [{ license: undefined }, /licence none/],
    [{ integrity: undefined }, /no SHA-512/],
    [{ integrity: 'sha1-x' }, /no SHA-512/],
    [{ resolved: 'https://npm.corp.example/b.tgz' }, /comes from https:\/\/npm.corp.example/],
    [{ resolved: 'git+ssh://git@github.com/a/b.git#1' }, /comes from git/],
    [{ link: true }, /comes from a folder/],
    [{ hasInstallScript: true }, /install script/],
  ])('should be refused when they are like %o', (locked, complaint) => {
    expect(complaintsOf(locked)).toEqual([expect.stringMatching(complaint)])
  })

  it('should be judged by the licence of what is installed', () => {
    expect(complaintsOf({}, 'AGPL-3.0')).toEqual(['@a/b 1.0.0: licence AGPL-3.0 is not on the list'])
  })
})
