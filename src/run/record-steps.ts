import type { Recording } from '../record/recording.ts'
import type { OutlineArm, RunEventSink } from './events.ts'

/** Takes the arm's events, so that its recording knows which step it is in, and passes them on. */
export function recordSteps(
  recording: Pick<Recording, 'stepBegan' | 'stepEnded'>,
  { steps }: OutlineArm,
  emit: RunEventSink,
): RunEventSink {
  return (event) => {
    if (event.type === 'step-started') {
      const title = steps.find(({ stepId }) => stepId === event.stepId)?.title ?? event.stepId
      recording.stepBegan(event.stepId, title)
    }
    if (event.type === 'step-finished') recording.stepEnded()
    if (event.type === 'step-failed') recording.stepEnded(event.message)
    emit(event)
  }
}
