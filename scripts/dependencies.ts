/** What a lockfile (version 3) says of the packages that npm installs, by their paths. */
export interface Lockfile {
  packages: Readonly<Record<string, LockedPackage>>
}

interface LockedPackage {
  version?: string
  resolved?: string
  integrity?: string
  license?: string
  dev?: boolean
  link?: boolean
  hasInstallScript?: boolean
}

/** Of what is part of the program: everybody may use and pass it on, as long as its notice stays. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
])
/** Of tools that only tests and checks use: also what asks for changes of its own files to be published. */
const forTools = new Set([...permissive, 'MPL-2.0', 'Python-2.0', 'CC0-1.0', 'CC-BY-4.0'])

/** Where packages may come from, if a lockfile says so: it works with any mirror, as their contents are checked. */
const registry = 'https://registry.npmjs.org/'

/**
 * What is wrong with the dependencies, a sentence each: a licence that is not allowed, contents that nobody would check, a source that
 * not everybody can reach, or a script that would run when it is installed. `licenceOf` reads what is installed at a path; undefined
 * where nothing is, such as packages for other systems.
 */
export function complaintsAboutDependencies(
  { packages }: Lockfile,
  licenceOf: (path: string) => string | undefined,
): string[] {
  return Object.entries(packages).flatMap(([path, locked]) => {
    if (path === '') return []
    const { version, resolved, integrity = '', license, dev = false, link = false, hasInstallScript = false } = locked
    const name = `${path.replace(/^.*node_modules\//, '')} ${version ?? ''}`.trim()
    const licence = licenceOf(path) ?? license ?? 'none'
    return [
      ...(isAllowed(licence, dev ? forTools : permissive) ? [] : [`${name}: licence ${licence} is not on the list`]),
      ...(integrity.startsWith('sha512-') ? [] : [`${name}: the lockfile has no SHA-512 of it`]),
      ...(link || (resolved !== undefined && !resolved.startsWith(registry))
        ? [`${name}: it comes from ${resolved ?? 'a folder'}, not from ${registry}`]
        : []),
      ...(hasInstallScript ? [`${name}: it has an install script`] : []),
    ]
  })
}

/** Of `(MIT OR GPL-3.0)`, one is enough; of `MIT AND ISC`, both count (SPDX). */
function isAllowed(licence: string, allowed: ReadonlySet<string>): boolean {
  return licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowed.has(one.trim())))
}
