import { join } from 'node:path'
import { writeFileWhole } from '../src/base/files.ts'
import { productFolders } from '../src/testing/folders.ts'
import { planReferenceText } from './plan-reference.ts'
import { planSchemaText, profileSchemaText } from './plan-schema.ts'

writeFileWhole(join(productFolders.plans, 'plan.schema.json'), planSchemaText())
writeFileWhole(join(productFolders.profiles, 'profile.schema.json'), profileSchemaText())
writeFileWhole(join(import.meta.dirname, '..', 'docs', 'plan-reference.md'), planReferenceText())
