import { z } from 'zod'
import { vocabulary } from '../src/cli/plans.ts'
import { include } from '../src/plan/parse.ts'
import { planSections } from '../src/plan/plan.ts'

/** The JSON schema of plans, for editors: the form of a plan, without the checks between its parts. */
export function planSchemaText(): string {
  const plan = z.strictObject({ ...planSections(vocabulary), include })
  const { required: _, ...schema } = z.toJSONSchema(plan, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  // Neither fragments nor plans that include some need be whole by themselves; the program checks what comes out.
  return `${JSON.stringify({ ...schema, title: 'scale-test plan' }, null, 2)}\n`
}
