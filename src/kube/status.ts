/** What an apiserver says in a Status (meta/v1), as far as it is there and of its type: what claims to be one may be somebody else's. */
export interface Status {
  code?: number
  reason?: string
  message?: string
  retryAfterMs?: number
}

/** Reads a Status; empty where the value is none of it. Never throws. */
export function statusIn(value: unknown): Status {
  const { code, reason, message, details } = fieldsOf(value)
  const seconds = fieldsOf(details)['retryAfterSeconds']
  return {
    ...(typeof code === 'number' && { code }),
    ...(typeof reason === 'string' && reason !== '' && { reason }),
    ...(typeof message === 'string' && { message }),
    ...(typeof seconds === 'number' && seconds >= 0 && { retryAfterMs: seconds * 1000 }),
  }
}

/** The fields of a JSON object; none of anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {}
}

/** Whether a value is a JSON object. */
export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
