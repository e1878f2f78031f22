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
  'report',
  'result',
  'statistics',
  'plan',
  'tune',
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
const fileAdapters: readonly RegExp[] = [
  /^base\/(files|file-failures)\.ts$/,
  /^cli\/output\.ts$/,
  // A program of its own, whose work is to write.
  /^targets\/local\/neighbour-main\.ts$/,
]
const ambient = /\b(Date\.now|new Date\(\)|Math\.random|process\.env|performance\.now|setTimeout|setInterval)\b/

/** What is wrong with one file, as sentences; `path` is relative to src/. */
export function complaintsAbout(path: string, source: string): string[] {
  const complaints: string[] = []
  const [room, subroom] = path.split('/')
  const isTest = path.endsWith('.test.ts') || room === forTests
  const rank = room === forTests ? 0 : rooms.indexOf(room as (typeof rooms)[number])
  if (rank === -1) return [`${path}: ${room} is no room; the rooms are ${rooms.join(', ')}`]

  for (const file of importsOf(path, source)) {
    const imported = file.split('/')
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

/** The files of src/ that a file imports, be it only a type of them or while it runs. */
function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, specifier = '']) =>
    normalize(join(dirname(path), specifier))
      .split(sep)
      .join('/'),
  )
}

/** Circles of imports between files, each as a sentence. `sources` is keyed by path, relative to src/. */
export function complaintsAboutCircles(sources: ReadonlyMap<string, string>): string[] {
  const complaints: string[] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (path: string) => {
    const at = trail.indexOf(path)
    if (at !== -1) complaints.push(`${[...trail.slice(at), path].join(' imports ')}: a circle`)
    if (at !== -1 || done.has(path)) return
    trail.push(path)
    for (const imported of importsOf(path, sources.get(path) ?? '')) visit(imported)
    trail.pop()
    done.add(path)
  }
  for (const path of sources.keys()) visit(path)
  return complaints
}

/** Complaints about every TypeScript file below `folder`, and about circles among them. */
export function complaintsBelow(folder: string): string[] {
  const sources = new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => {
        const file = join(entry.parentPath, entry.name)
        return [relative(folder, file).split(sep).join('/'), readFileSync(file, 'utf8')]
      }),
  )
  const complaints = [...sources].flatMap(([path, source]) => complaintsAbout(path, source))
  return [...complaints, ...complaintsAboutCircles(sources)]
}
