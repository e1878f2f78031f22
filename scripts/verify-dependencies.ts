import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { complaintsAboutDependencies } from './dependencies.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))
const licenceOf = (path: string) => {
  const file = `${path}/package.json`
  if (!existsSync(join(root, file))) return undefined
  const { license } = read(file)
  return typeof license === 'string' ? license : (license?.type ?? 'none')
}
const complaints = complaintsAboutDependencies(read('package-lock.json'), licenceOf)
for (const complaint of complaints) process.stderr.write(`${complaint}\n`)
process.exitCode = complaints.length === 0 ? 0 : 1
