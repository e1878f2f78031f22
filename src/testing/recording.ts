import type { RecordedCluster, Recording } from '../record/recording.ts'
import { startRecording } from '../record/recording.ts'
import { watchNoMachine } from '../record/this-machine.ts'

/** A recording of this cluster that looks at no machine. */
export async function recordingForTests(cluster: RecordedCluster): Promise<Recording> {
  const recording = startRecording({ watchMachine: watchNoMachine, readMachine: null, keep: () => {} }, cluster)
  await recording.follow(cluster)
  return recording
}
