import { join } from 'node:path'
import process from 'node:process'
import { complaintsBelow } from './rooms.ts'

const complaints = complaintsBelow(join(import.meta.dirname, '..', 'src'))
for (const complaint of complaints) process.stderr.write(`${complaint}\n`)
process.exitCode = complaints.length === 0 ? 0 : 1
