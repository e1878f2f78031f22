/** An I/O priority as `ionice -p` prints it, `best-effort: prio 0`: its class, and its level where it has one; any other text is a class. */
export function ioPriorityOf(priority: string): { name: string; level: string | undefined } {
  const [, name = priority, level] = /^([a-z-]+): prio (\d)$/.exec(priority) ?? []
  return { name, level }
}
