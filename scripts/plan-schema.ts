import { z } from 'zod'
import { vocabularyOf } from '../src/cli/plans.ts'
import { include } from '../src/plan/parse.ts'
import { planSections } from '../src/plan/plan.ts'
import { profileSchema } from '../src/plan/profile.ts'
import { productFolders } from '../src/testing/folders.ts'

const vocabulary = vocabularyOf(productFolders)

/** The JSON schema of plans, for editors: the form of a plan, without the checks between its parts. */
export function planSchemaText(): string {
  const { required: _, ...schema } = schemaOf(z.strictObject({ ...planSections(vocabulary), include }))
  // Neither fragments nor plans that include some need be whole by themselves; the program checks what comes out.
  return textOf({ ...schema, title: 'scale-test plan' })
}

/** The JSON schema of profiles, for editors. */
export function profileSchemaText(): string {
  return textOf({ ...schemaOf(profileSchema(vocabulary.profiles.names)), title: 'scale-test profile' })
}

function schemaOf(form: z.ZodType) {
  return z.toJSONSchema(form, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
}

function textOf(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`
}
