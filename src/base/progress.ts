/** How far something is: `done` of `total` `unit`s. A view derives rate and time left. */
export interface Progress {
  text?: string
  done?: number
  total?: number
  unit?: string
}

/** Takes how far something is by now. */
export type Report = (progress: Progress) => void
