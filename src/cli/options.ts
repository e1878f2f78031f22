/** What `run` is given on the command line. */
export interface RunOptions {
  /** A file for the test report, beside the one in the run's folder: also of what never becomes a run. */
  junit?: string
  /** Whether standard output is a stream of events. */
  json?: boolean
  /** Print all of the summary. */
  full?: boolean
  /** Leave the cluster of an arm that fails for somebody to look at, and end the run there. */
  keep?: boolean
  target?: string
  repeat?: number
  /** `path=value`, each over what the plan says. */
  set?: string[]
  /** Version of Kubernetes, such as `1.36`, of every arm that names none. */
  kubernetes?: string
  /** Of target sim: what `calibrate` wrote, if not the calibration that comes with the program. */
  calibration?: string
  /** Of target sim: how many arms are simulated at a time. */
  threads?: number
  /** Of target remote: the file that says where its clusters are. */
  clusters?: string
  /** Of target remote: contexts of clusters that look like production and are meant. */
  confirm?: string[]
  /** Of target remote: contexts whose server is not checked. */
  allowInsecure?: string[]
}

/** What `what-if` is given on the command line. */
export interface WhatIfOptions {
  junit?: string
  /** `setting=value,value`; as often as it was given. */
  vary: string[]
  /** The arm of the plan, or the profile, that the values are tried on. */
  profile?: string
  /** The simulation when absent, whatever the plan says. */
  target?: string
  /** How often each value runs; three times in a simulation when absent, to tell effect from chance. */
  repeat?: number
  set?: string[]
  calibration?: string
  /** Of target sim: how many arms are simulated at a time. */
  threads?: number
}

/** What `report` is given on the command line. */
export interface ReportOptions {
  junit?: string
  /** Print all of the summary. */
  full?: boolean
}
