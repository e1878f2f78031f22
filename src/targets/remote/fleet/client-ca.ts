import type { KubeApi } from '../../../kube/api.ts'
import { ApiError } from '../../../kube/api.ts'

/**
 * The CA that a cluster trusts clients by, which signs the apiserver's own client certificate as well, as its kubelets would be
 * configured with: the apiserver publishes it for API servers that extend it. Undefined where it does not, or does not show it.
 */
export async function kubeletClientCa(target: KubeApi): Promise<string | undefined> {
  try {
    const published = await target.get({
      resource: 'configmaps',
      namespace: 'kube-system',
      name: 'extension-apiserver-authentication',
    })
    return published.data?.['client-ca-file']
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return undefined
    throw error
  }
}
