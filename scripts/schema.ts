import { join } from 'node:path'
import { writeFileWhole } from '../src/base/files.ts'
import { planSchemaText } from './plan-schema.ts'

writeFileWhole(join(import.meta.dirname, '..', 'plans', 'plan.schema.json'), planSchemaText())
