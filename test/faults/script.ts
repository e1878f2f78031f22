/** What goes wrong with one request. */
export type Trouble =
  /** It is refused, without having been served. */
  | { kind: 'refusal'; status: number; reason: string; message: string; retryAfterSeconds?: number }
  /** Its connection is reset: before it reached the server, or when that had done its work. */
  | { kind: 'reset'; served: boolean }
  /** Nothing comes back, and its connection stays: one that is half open. */
  | { kind: 'silence'; served: boolean }
  /** Served; the connection ends in the middle of the answer. */
  | { kind: 'cut' }
  /** Served; the answer comes a byte at a time, more slowly than anybody would wait for. */
  | { kind: 'trickle' }

/** Which requests something happens to. */
export interface Rule {
  /** Matches requests as `create configmaps load/one`, `patch deployments/scale load/web`, `list pods`, `watch pods`. */
  on: RegExp
  /** How many of those that match it strikes, from the first one on; all when absent. */
  times?: number
  trouble: Trouble
}

/** What happens to a stream that is open. */
export type Spoiling =
  /** Ended in good order, as the apiserver ends each after a while. */
  | 'end'
  | 'reset'
  /** Ended in the middle of what it says next. */
  | 'cut'
  /** Nothing comes any more. */
  | 'silence'
  /** What comes next comes too slowly to be of use. */
  | 'trickle'
  /** It says ERROR, then it ends. */
  | { status: number; reason: string }

/** The rules that hold now, and the requests that have come since they do. */
export interface Script {
  play(...rules: readonly Rule[]): void
  /** What is to become of a request; the first rule that matches decides. */
  troubleOf(request: string): Trouble | undefined
  requests(): readonly string[]
}

/** A script in which nothing goes wrong as yet. */
export function createScript(): Script {
  let rules: { rule: Rule; left: number }[] = []
  let requests: string[] = []
  return {
    play(...given) {
      rules = given.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }))
      requests = []
    },
    troubleOf(request) {
      requests.push(request)
      const found = rules.find(({ rule, left }) => left > 0 && rule.on.test(request))
      if (found === undefined) return undefined
      found.left--
      return found.rule.trouble
    },
    requests: () => requests,
  }
}

/** A request in one line, as rules see it. */
export function lineOf(
  verb: string,
  resource: string,
  { namespace, name }: { namespace?: string | undefined; name?: string | undefined } = {},
): string {
  const place = name === undefined ? '' : ` ${namespace === undefined ? '' : `${namespace}/`}${name}`
  return `${verb} ${resource}${place}`
}
