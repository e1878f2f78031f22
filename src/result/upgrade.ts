/** JSON that is a map. */
type Json = Record<string, unknown>

/**
 * A result as it would be written today, from one of schema 1, which had a fill and probes instead of steps and called an arm's name its
 * profile; anything else as it is. What is not of the form of schema 1 is left for the schema to refuse.
 */
export function upgraded(value: unknown): unknown {
  if (!isMap(value) || value['schema'] !== 1) return value
  const { arms, reference, whatIf, ...result } = value
  return {
    ...result,
    schema: 2,
    reference: isMap(reference) ? { ...reference, figures: listed(reference['figures'], figure) } : reference,
    ...(isMap(whatIf) && { whatIf: renamed(whatIf, 'profile', 'basedOn') }),
    arms: listed(arms, arm),
  }
}

function arm({ profile: name, basedOn, fill, probes, ...rest }: Json): Json {
  const filled = isMap(fill) ? [{ kind: 'fill', name: 'fill', at: 'workload', outcome: fill }] : []
  const probed = Array.isArray(probes)
    ? probes.map((outcome: unknown, index) => ({
        kind: 'probe',
        name: isMap(outcome) ? outcome['name'] : undefined,
        at: `probes.sequence[${index}]`,
        outcome,
      }))
    : []
  return { ...rest, id: `${name}-${rest['repetition']}`, name, profile: basedOn ?? name, steps: [...filled, ...probed] }
}

function figure(one: Json): Json {
  return renamed(one, 'profile', 'arm')
}

function renamed(map: Json, from: string, to: string): Json {
  const { [from]: value, ...rest } = map
  return { ...rest, [to]: value }
}

function listed(value: unknown, change: (item: Json) => Json): unknown {
  return Array.isArray(value) ? value.map((item: unknown) => (isMap(item) ? change(item) : item)) : value
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
