/** Time zero of every simulation. */
const epochMs = Date.UTC(2000, 0, 1)

/** A moment of the simulation as objects carry it: in whole seconds. */
export function timestampOf(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastTimestamp = `${new Date(epochMs + 1000 * second).toISOString().slice(0, 19)}Z`
  }
  return lastTimestamp
}

/** The moment of the simulation that a timestamp stands for. */
export function momentOf(timestamp: string): number {
  return Date.parse(timestamp) - epochMs
}

/** Thousands of objects are stamped in the same second. */
let lastSecond = Number.NaN
let lastTimestamp = ''
