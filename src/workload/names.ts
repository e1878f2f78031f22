const prefix = 'scale-test-'

/** Leaves 63 - 11 - 40 - 2 = 10 digits of a DNS label for the numbers of the class and the namespace. */
const longestClassName = 40

/**
 * The names of a size class's namespaces: `scale-test-large-01` and so on. The plan does not bound the length of a class's
 * name, but a namespace's is a DNS label, of 63 characters at most: a long one is cut and gets the class's number. That
 * makes it longer than any name that was not cut, so it is never another class's.
 */
export function namespaceNames(className: string, classIndex: number, count: number): string[] {
  const short =
    className.length <= longestClassName ? className : `${className.slice(0, longestClassName)}-${classIndex + 1}`
  return Array.from({ length: count }, (_, index) => numbered(prefix + short, index, count))
}

/** `<name>-01` for the first of `count`, with zeros in front so that names sort as numbers do. */
export function numbered(name: string, index: number, count: number): string {
  return `${name}-${String(index + 1).padStart(Math.max(2, String(count).length), '0')}`
}
