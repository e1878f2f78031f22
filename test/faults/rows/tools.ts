import { expect } from 'vitest'
import { exitCodeOfError } from '../../../src/cli/exit.ts'
import type { ResourceName } from '../../../src/kube/api.ts'
import { isApiStatus } from '../../../src/kube/api.ts'
import { asFailure } from '../../../src/kube/failures.ts'
import { runLabel } from '../../../src/kube/labels.ts'
import type { ConfigMap } from '../../../src/kube/resources.ts'
import { fleetSpecOf } from '../../../src/steps/fleet-up.ts'
import type { RemoteTargetOptions } from '../../../src/targets/remote/index.ts'
import { remoteTarget } from '../../../src/targets/remote/index.ts'
import type { Rig } from '../rig.ts'
import type { Script, Trouble } from '../script.ts'

/** Where tests put objects: making a namespace for each would take a real cluster seconds. */
export const namespace = 'faults'

/** An object of a run, of one that no other test has when absent. */
export function configMap(name: string, run = 'run-7'): ConfigMap {
  return { metadata: { name, namespace, labels: { [runLabel]: run } }, data: { text: 'as it was created' } }
}

export const refTo = (name: string) => ({ resource: 'configmaps', namespace, name }) as const

/** Deletes configmaps, those that are there. */
export async function removeAll({ cluster: { api } }: Rig, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const found = await api.get(refTo(name)).catch((error: unknown) => {
      if (!isApiStatus(error, 404)) throw error
    })
    if (found !== undefined) await api.delete(refTo(name), { uid: found.metadata.uid ?? '' })
  }
}

/** 429: the server is busy. */
export function busy(retryAfterSeconds?: number): Trouble {
  const message = 'too many requests, please try again later'
  const refusal = { kind: 'refusal', status: 429, reason: 'TooManyRequests', message } as const
  return { ...refusal, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
}

/** A refusal with a Status. */
export function refusal(status: number, reason: string, message: string = reason): Trouble {
  return { kind: 'refusal', status, reason, message }
}

/** What a call was refused with; fails when it was not. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => expect.fail(`it was accepted: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

/** How a command that ended with this would exit, and what it would say. */
export function endedBy(error: unknown): { status: number; failure: unknown } {
  const failure = asFailure(error)
  return { status: exitCodeOfError(failure, undefined), failure }
}

/** How many objects of a resource there are that match. */
export async function countOf({ cluster: { api } }: Rig, resource: ResourceName, run: string): Promise<number> {
  return api.count({ resource, labelSelector: `${runLabel}=${run}` })
}

/** What has been written since the script was last changed; to ask for one's rights is a create, too. */
export function writesIn(script: Script): string[] {
  return script.requests().filter((one) => /^(create|patch|delete) (?!selfsubjectaccessreviews)/.test(one))
}

/** All that is looked at before a run. Throws when that speaks against it. */
export async function prepare(options: RemoteTargetOptions): Promise<void> {
  const { signal } = new AbortController()
  await remoteTarget(options).prepare({
    fleet: fleetSpecOf(options.plan.fleet),
    arms: [],
    signal,
    onProgress: () => {},
  })
}
