import type { Values } from './values.ts'

/** The knobs that limit each client-go client of a component. */
export const clientKnobs = {
  kubelet: { qps: 'kubelet.kubeAPIQPS', burst: 'kubelet.kubeAPIBurst' },
  events: { qps: 'kubelet.eventRecordQPS', burst: 'kubelet.eventBurst' },
  controllers: { qps: 'controllerManager.kubeApiQps', burst: 'controllerManager.kubeApiBurst' },
  scheduler: { qps: 'scheduler.kubeApiQps', burst: 'scheduler.kubeApiBurst' },
} as const

export type LimitedClient = keyof typeof clientKnobs

/** What a client is configured with under an arm's requests; `clientLimitOf` says what client-go makes of it. */
export function clientSettingsOf(
  client: LimitedClient,
  { number }: Pick<Values, 'number'>,
): { qps: number; burst: number } {
  const { qps, burst } = clientKnobs[client]
  return { qps: number(qps), burst: number(burst) }
}
