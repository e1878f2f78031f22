/** JSON that is a map. */
type Json = Record<string, unknown>

/**
 * A result as it would be written today, from an earlier one; anything else as it is. What is not of the form of a result is left for the
 * schema to refuse.
 */
export function upgraded(value: unknown): unknown {
  if (!isMap(value)) return value
  const result = value['schema'] === 1 ? fromSchema1(value) : value
  return 'arms' in result ? { ...result, arms: listed(result['arms'], withContainerStarts) } : result
}

/** Results once had a single time for starts of containers, 0 where they took none. */
function withContainerStarts(one: Json): Json {
  if (!isMap(one['fleet']) || !('containerStartDelayMs' in one['fleet'])) return one
  const { containerStartDelayMs: timeMs, ...fleet } = one['fleet']
  return { ...one, fleet: timeMs === 0 ? fleet : { ...fleet, containerStarts: { timeMs } } }
}

/** Schema 1 had a fill and probes instead of steps, and called an arm's name its profile. */
function fromSchema1({ arms, reference, whatIf, ...result }: Json): Json {
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
