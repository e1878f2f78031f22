import type { KnobRequest } from '../tuning/profiles.ts'

/** What the files are written for, beside the values. */
export interface Circumstances {
  /** The profile that the values come from, for the heads of files. */
  profile: string
  /** `1.37` */
  kubernetes: string
  /** Of each host; undefined where nobody said. */
  cores: number | undefined
}

/** Where a format puts a request: into files, by their paths; nowhere, with the reason; or into files in part, with the reason. */
export interface Place {
  in?: readonly string[]
  /** Why not, or not all of it. A clause: `kubeadm runs etcd in a static pod, which has no Nice=`. */
  because?: string
  /** What somebody can do by hand. A sentence without its full stop. */
  instead?: string
}

/** One of the files that a format writes, if there is anything to put into it. */
export interface FormatFile {
  /** Relative to the folder that the files are written to; below etc/, it is also the path on a host. */
  path: string
  /** How to apply it, once the files before it are: sentences, and commands that begin with `$ `. */
  apply: readonly string[]
  /** What is in it, of the requests that it holds: at least one. `all` are those of any file. */
  write(requests: readonly KnobRequest[], circumstances: Circumstances, all: readonly KnobRequest[]): string
}

/** A way to run a cluster, or a part of a host: what can be set there, and in which files. */
export interface Format {
  /** Its files, in the order in which they are applied. */
  files: readonly FormatFile[]
  placeOf(request: KnobRequest, circumstances: Circumstances, all: readonly KnobRequest[]): Place
}

/** A file as it is to be written. */
export interface TunedFile {
  path: string
  text: string
  apply: readonly string[]
  /** The knobs whose values it holds. */
  knobs: readonly string[]
}

/** What no file holds. */
export interface LeftOut {
  requests: readonly KnobRequest[]
  because: string
  instead: string | undefined
}

/** Requests as files, how to apply these, and what is in none of them. */
export interface Rendering {
  files: readonly TunedFile[]
  leftOut: readonly LeftOut[]
  /** What whoever applies the files should know. Sentences. */
  remarks: readonly string[]
}
