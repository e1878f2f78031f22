import { planSchemaText } from './plan-schema.ts'

/** A field of a plan as the reference lists it. */
export interface Field {
  /** `fleet.node.cpu`, `steps[].probe.from` */
  path: string
  type: string
  isRequired: boolean
  byDefault: string
  description: string
}

interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema | Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  description?: string
  examples?: unknown[]
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  additionalProperties?: Schema | boolean
}

/** Every field of the plan language, by the schema that editors check plans with. */
export function planFields(): Field[] {
  const schema: Schema = JSON.parse(planSchemaText())
  return fieldsOf(schema, '')
}

function fieldsOf(schema: Schema, prefix: string): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, own]) => {
    const path = `${prefix}${name}`
    const field = {
      path,
      type: typeOf(own),
      isRequired: schema.required?.includes(name) ?? false,
      byDefault: own.default === undefined ? '' : JSON.stringify(own.default),
      description: own.description ?? '',
    }
    return [field, ...inside(own, path)]
  })
}

/** Fields of what a field holds, be it one object, several of them, or one of several forms. */
function inside(schema: Schema, path: string): Field[] {
  const found = formsOf(schema).flatMap((form) => {
    const items = form.items === undefined || Array.isArray(form.items) ? [] : formsOf(form.items)
    return [...fieldsOf(form, `${path}.`), ...items.flatMap((item) => fieldsOf(item, `${path}[].`))]
  })
  return [...new Map(found.map((field) => [field.path, field])).values()]
}

/** All that something may look like. */
function formsOf(schema: Schema): Schema[] {
  return [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
}

function typeOf(schema: Schema): string {
  const { type, enum: values, const: only, anyOf, oneOf, items, examples, minimum, maximum, exclusiveMinimum } = schema
  if (only !== undefined) return code(only)
  if (values !== undefined) return values.length > mostListed ? 'string' : values.map(code).join(', ')
  const forms = anyOf ?? oneOf
  if (forms !== undefined) {
    const types = [...new Set(forms.map(typeOf))]
    return types.filter((form) => form !== '' && (form !== 'any' || types.length === 1)).join(' or ')
  }
  if (type === 'array') {
    const item = items === undefined || Array.isArray(items) ? '' : typeOf(items)
    return item === '' || item === 'object' ? 'list' : `list of ${item}`
  }
  if (examples !== undefined && examples.length > 0) return `such as ${examples.map(code).join(', ')}`
  // A number may also be written as a quantity; what has no bounds may be anything else, too.
  const isNumber = type === 'integer' || type === 'number' || (Array.isArray(type) && minimum !== undefined)
  if (isNumber) {
    if (exclusiveMinimum !== undefined)
      return `number, more than ${exclusiveMinimum}${maximum === undefined ? '' : `, at most ${maximum}`}`
    const range = [minimum, maximum].map((limit) => (limit === undefined ? '' : String(limit)))
    return range.every((limit) => limit === '')
      ? 'number'
      : `number, ${range.join(' to ')}`.replace(/ to $/, ' or more')
  }
  return Array.isArray(type) ? type.join(' or ') : (type ?? 'any')
}

/** Of more values, the description says where they are listed. */
const mostListed = 12

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** The reference as Markdown, a section for each field at the top. */
export function planReferenceText(): string {
  const groups = Map.groupBy(planFields(), ({ path }) => /^[\w]+/.exec(path)?.[0] ?? path)
  const sections = [...groups].map(([name, fields]) => {
    const rows = fields.map(
      ({ path, type, isRequired, byDefault, description }) =>
        `| \`${path}\` | ${cell(type)} | ${isRequired ? 'required' : byDefault === '' ? '' : `\`${cell(byDefault)}\``} | ${cell(description)} |`,
    )
    return [`## ${name}`, '', '| field | value | when absent | |', '|---|---|---|---|', ...rows].join('\n')
  })
  return `${[
    '# Every field of a plan',
    'Written by `make schema` from the schema that editors check plans with. [plans.md](plans.md) explains the language; `[]` stands for each entry of a list.',
    ...sections,
  ].join('\n\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
