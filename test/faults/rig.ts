import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import type { Cluster } from '../../src/targets/target.ts'
import type { Script, Spoiling } from './script.ts'

/** A cluster, real or simulated, that stays, and what can be made to go wrong between it and whoever uses it. Disposing of it takes everything away. */
export interface Rig extends AsyncDisposable {
  /** Its API goes through the faults. */
  readonly cluster: Cluster
  /** What becomes of requests, and which have come. */
  readonly script: Script
  /** Spoils the streams of this resource that are open; returns how many there are. */
  spoilWatches(resource: string, how: Spoiling): number
  /** Refuses connections and ends those there are, or takes them again. */
  setDown(isDown: boolean): Promise<void>
  /** The server shows another certificate from now on, of its usual authority (and a valid one at that, or not) or of one that nobody knows. */
  present(certificate: 'valid' | 'expired' | 'strange'): Promise<void>
  /** Raises the NOSPACE alarm of its etcd, or disarms it. */
  setOutOfSpace(isFull: boolean): Promise<void>
  /** Whether the user may do anything in it. */
  setRights(hasRights: boolean): void
  /** For a run on it as on somebody else's cluster. */
  remote(runId: string): RemoteTargetOptions
}

/** The rig, once it is up: rows register their tests before it is. */
export type GetRig = () => Rig
