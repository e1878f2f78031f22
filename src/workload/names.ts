/** The names of a size class's namespaces: `scale-test-large-01` and so on. The plan keeps names of classes short enough. */
export function namespaceNames(className: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => numbered(`scale-test-${className}`, index, count))
}

/** `<name>-01` for the first of `count`, with zeros in front so that names sort as numbers do. */
export function numbered(name: string, index: number, count: number): string {
  return `${name}-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`
}
