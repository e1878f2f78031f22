import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'

/** The rooms of src/ from top to bottom (ARCHITECTURE.md). A room imports from rooms below it, and from itself. */
export const rooms = [
  'main.ts',
  'cli',
  'trials',
  'run',
  'steps',
  'targets',
  'model',
  'fleet',
  'workload',
  'record',
  'measure',
  'etcd',
  'report',
  'result',
  'plan',
  'tuning',
  'image',
  'components',
  'kube',
  'base',
] as const

/** What only tests use. It stands above all rooms, and nothing that ships may import it. */
const forTests = 'testing'

/** Files that touch the outside: they may read clocks, the environment and randomness. */
const adapters: readonly RegExp[] = [
  /^kube\/(transport|tunnel)\.ts$/,
  /^main\.ts$/,
  /^cli\//,
  /^base\/clock\.ts$/,
  /^record\/this-machine\.ts$/,
  /^targets\/local\//,
]
/** Files that may use node:fs: all others use base/files.ts, which makes a `Failure` of what the file system refuses. */
const fileAdapters: readonly RegExp[] = [/^base\/(files|file-failures)\.ts$/, /^cli\/output\.ts$/]
const ambient = /\b(Date\.now|new Date\(\)|Math\.random|process\.env|performance\.now|setTimeout|setInterval)\b/

/** What is wrong with one file, as sentences; `path` is relative to src/. */
export function complaintsAbout(path: string, source: string): string[] {
  const complaints: string[] = []
  const [room, subroom] = path.split('/')
  const isTest = path.endsWith('.test.ts') || room === forTests
  const rank = room === forTests ? 0 : rooms.indexOf(room as (typeof rooms)[number])
  if (rank === -1) return [`${path}: ${room} is no room; the rooms are ${rooms.join(', ')}`]

  for (const [, specifier = ''] of source.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    const imported = normalize(join(dirname(path), specifier)).split(sep)
    if (imported[0] === forTests) {
      if (!isTest) complaints.push(`${path}: imports ${imported.join('/')}, which only tests may use`)
      continue
    }
    const importedRank = rooms.indexOf(imported[0] as (typeof rooms)[number])
    if (importedRank < rank) complaints.push(`${path}: imports ${imported.join('/')}, which is above it`)
    const isSibling = room === 'targets' && imported[0] === 'targets' && imported.length > 2 && imported[1] !== subroom
    if (isSibling) complaints.push(`${path}: imports ${imported.join('/')}, another target`)
  }

  const use = ambient.exec(source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
  if (use !== null && !isTest && !adapters.some((adapter) => adapter.test(path))) {
    complaints.push(`${path}: uses ${use[0]}; time, randomness and environment are passed in`)
  }
  if (/from 'node:fs(\/promises)?'/.test(source) && !isTest && !fileAdapters.some((adapter) => adapter.test(path)))
    complaints.push(`${path}: uses node:fs; files are read and written by base/files.ts`)
  return complaints
}

/** Complaints about every TypeScript file below `folder`. */
export function complaintsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => {
      const file = join(entry.parentPath, entry.name)
      return complaintsAbout(relative(folder, file).split(sep).join('/'), readFileSync(file, 'utf8'))
    })
}
