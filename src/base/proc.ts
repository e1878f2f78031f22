/*
 * What Linux says in the files of /proc (proc(5)). Each function takes the text of one and is undefined where that does not say what is asked:
 * an old kernel and a sandbox leave parts out.
 */

/** Processor time of all cores together since the machine started, in hundredths of a second: waiting for a disk is idle. */
export function processorTicksIn(stat: string): { busy: number; total: number } | undefined {
  // user nice system idle iowait irq softirq steal; guests are in user already.
  const line = /^cpu +(.*)$/m.exec(stat)?.[1]
  const ticks = (line?.split(' ') ?? []).slice(0, 8).map(countIn)
  const [, , , idle] = ticks
  if (idle === undefined || !ticks.every((one) => one !== undefined)) return undefined
  const total = ticks.reduce((sum, one) => sum + one, 0)
  // Kernels before 2.6 do not tell waiting from idle.
  return { busy: total - idle - (ticks[4] ?? 0), total }
}

/** Threads that run or wait for a processor, from /proc/stat. */
export function runQueueIn(stat: string): number | undefined {
  return countIn(/^procs_running (\d+)$/m.exec(stat)?.[1])
}

/** Bytes of a field of /proc/meminfo: `MemAvailable`. */
export function memoryIn(meminfo: string, field: string): number | undefined {
  const kilobytes = countIn(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1])
  return kilobytes === undefined ? undefined : 1024 * kilobytes
}

/** From /proc/PID/stat: processor time used, in hundredths of a second, and the nice value. */
export function processIn(stat: string): { processorTicks: number; nice: number } | undefined {
  // Fields 14 and 15 are user and system time, 19 is the nice value.
  const fields = fieldsBehindName(stat)
  const [user, system, nice] = [countIn(fields[11]), countIn(fields[12]), fields[16] ?? '']
  if (user === undefined || system === undefined || !/^-?\d{1,2}$/.test(nice)) return undefined
  return { processorTicks: user + system, nice: Number(nice) }
}

/** From /proc/PID/stat: when a process was started, in ticks since the machine was; undefined for one that is dead already. */
export function processStartIn(stat: string): string | undefined {
  // Field 3 is the state, 22 the start.
  const fields = fieldsBehindName(stat)
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

/** The fields of /proc/PID/stat from the third one on: the second one, the name, may contain anything. */
function fieldsBehindName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** From /proc/PID/statm: pages in memory, and those of them that other processes may share. */
export function residentPagesIn(statm: string): { resident: number; shared: number } | undefined {
  const [, resident, shared] = statm.split(' ').map(countIn)
  return resident === undefined || shared === undefined ? undefined : { resident, shared }
}

/** From /proc/diskstats: milliseconds in which each block device had something to do (Documentation/admin-guide/iostats, field 10). */
export function devicesBusyMsIn(diskstats: string): Map<string, number> {
  return new Map(
    diskstats.split('\n').flatMap((line): [string, number][] => {
      const [, , name = '', ...counters] = line.trim().split(/ +/)
      const busyMs = countIn(counters[9])
      return busyMs === undefined ? [] : [[name, busyMs]]
    }),
  )
}

/** The hard limit of open files in /proc/PID/limits; infinite where there is none. */
export function openFilesIn(limits: string): number | undefined {
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1]
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : countIn(hard)
}

/** Whether a process has a capability, by its number (capabilities(7)), from /proc/PID/status. */
export function hasCapability(status: string, number: bigint): boolean | undefined {
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1]
  return effective === undefined ? undefined : ((BigInt(`0x${effective}`) >> number) & 1n) === 1n
}

/** A count that is all of a text, blanks around it aside. */
export function countIn(text: string | undefined): number | undefined {
  const digits = /^\s*(\d{1,15})\s*$/.exec(text ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}
