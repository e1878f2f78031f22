import { ApiError } from '../../../kube/api.ts'
import type { Reach } from '../reach.ts'
import { titleOf, uidOf } from '../reach.ts'
import type { Check, Known, Refusal } from './check.ts'
import { onEach } from './check.ts'

/** Who is not let in needs other credentials, not more rights; and nothing else can be looked at. */
export const signIn: Check<Known> = {
  id: 'sign-in',
  title: 'Signing in',
  endsWithRefusals: true,
  examine: ({ clusters }) =>
    onEach(clusters, async (cluster) => {
      try {
        await uidOf(cluster.api)
      } catch (error) {
        const refusal = error instanceof ApiError ? whyNotLetIn(cluster, error) : undefined
        if (refusal !== undefined) return { refusals: [refusal] }
        // Who is known may still lack the right to read this: other checks tell that.
        if (!(error instanceof ApiError) || error.status !== 403) throw error
      }
      return { notes: wayOf(cluster) }
    }),
}

function whyNotLetIn(cluster: Reach, { status, message }: ApiError): Refusal | undefined {
  const { anonymous } = cluster.credentials
  if (status !== 401 && (status !== 403 || anonymous === undefined)) return undefined
  if (anonymous !== undefined) {
    return {
      because: `${titleOf(cluster)}: no credentials are sent: ${anonymous}; ${message}`,
      next: 'Name a kubeconfig and context whose user has a token, a client certificate or a credential plugin',
    }
  }
  return {
    because: `${titleOf(cluster)}: the credentials are not accepted: ${message}`,
    next: `Log in again or get a new kubeconfig, then try: kubectl --kubeconfig ${cluster.kubeconfig} --context ${cluster.context} auth whoami`,
  }
}

/** What is to be known of the way to a cluster. */
function wayOf(cluster: Reach): string[] {
  const { anonymous, insecure, server, proxyFor } = cluster.credentials
  const proxy = proxyFor?.(new URL(server))
  return [
    ...(anonymous === undefined ? [] : [`no credentials are sent: ${anonymous}`]),
    ...(insecure === true ? ['the server is not verified, as you allowed: anyone could answer in its place'] : []),
    ...(proxy === undefined ? [] : [`reached through the proxy ${proxy.protocol}//${proxy.host}`]),
  ].map((note) => `${titleOf(cluster)}: ${note}`)
}
