/** What a source says; or why it says nothing, and what would show it. */
export type Seen<T> = { value: T } | Unseen
export interface Unseen {
  because: string
  next: string
}
