/** One thing a run needs, or works better with, and whether this machine has it. */
export interface Finding {
  /** `lacks`: a run cannot do without. `limits`: it can, but something will be said not to be applied, or be slow. */
  state: 'has' | 'limits' | 'lacks'
  what: string
  /** What to do about it. */
  next?: string
}
