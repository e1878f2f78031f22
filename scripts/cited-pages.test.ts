import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

it('should find every page that sources and messages name (review 40)', () => {
  const files = execFileSync('git', ['ls-files', 'src', 'test', 'scripts', 'components', 'plans', 'manifests'], {
    cwd: root,
    encoding: 'utf8',
  })
  const cited = files
    .split('\n')
    .filter((file) => /\.(ts|go|yaml|md)$/.test(file))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/(?<!\/)\bdocs\/[\w-]+\.(?:md|png)\b/g)].map(([page]) => ({
        file,
        page,
      })),
    )
  expect(cited.length).toBeGreaterThan(20)
  expect(cited.filter(({ page }) => !existsSync(join(root, page)))).toEqual([])
})
