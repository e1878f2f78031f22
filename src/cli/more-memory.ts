/** How to let Node's heap grow to so many megabytes. */
export function moreMemory(megabytes: number): string {
  return `Give it more: make scale-test PLAN=... MEMORY=${megabytes}   (without make: NODE_OPTIONS=--max-old-space-size=${megabytes})`
}
