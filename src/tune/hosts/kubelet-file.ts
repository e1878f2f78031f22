import { isMap, parseDocument } from 'yaml'
import { Failure } from '../../base/errors.ts'

/** A configuration file of a kind with fields set; comments and order stay. The same text where nothing changes. Throws `Failure('bad-input')`. */
export function configurationWith(
  text: string,
  kind: 'KubeletConfiguration' | 'KubeProxyConfiguration',
  fields: Readonly<Record<string, unknown>>,
  where: string,
): string {
  const document = parseDocument(text)
  if (document.errors.length > 0 || document.get('kind') !== kind)
    throw new Failure('bad-input', `${where} is not a ${kind}`, {
      next: `Check \`${kind === 'KubeProxyConfiguration' ? 'kubeProxy' : 'hosts'}\` in the clusters file`,
    })
  let hasChanged = false
  const set = (path: readonly string[], value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, inner] of Object.entries(value)) set([...path, name], inner)
      return
    }
    const before: unknown = document.getIn(path)
    const plain: unknown = isMap(before) ? before.toJSON() : before
    if (JSON.stringify(plain) === JSON.stringify(value)) return
    hasChanged = true
    document.setIn(path, value)
  }
  set([], fields)
  return hasChanged ? document.toString({ lineWidth: 0 }) : text
}
