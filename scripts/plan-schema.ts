import { z } from 'zod'
import { vocabulary } from '../src/cli/plans.ts'
import { planSections } from '../src/plan/plan.ts'

/** The JSON schema of plans, for editors: the form of a plan, without the checks between its parts. */
export function planSchemaText(): string {
  const include = z.array(z.string()).optional().describe('files that are merged before this one, relative to it')
  const plan = z.strictObject({ ...planSections(vocabulary), include })
  const schema = z.toJSONSchema(plan, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // Defaults of values with units are numbers, as the program has them: nothing that anybody could write.
      if (jsonSchema.type === 'string' && typeof jsonSchema.default === 'number') delete jsonSchema.default
    },
  })
  // A plan that includes others need not be whole by itself; the program checks what comes out.
  const { required: _, ...rest } = schema
  return `${JSON.stringify({ ...rest, title: 'scale-test plan' }, null, 2)}\n`
}
