import { proxyFile, renderKnobs } from '../../tuning/render.ts'
import { conntrackRemarks } from '../conntrack.ts'
import type { FormatFile } from '../format.ts'
import { head, yaml } from './text.ts'

/** The fields of kube-proxy's configuration that are asked for, as a file with these instructions. */
export function proxyConfiguration(path: string, apply: readonly string[]): FormatFile {
  return {
    path,
    apply,
    write: (requests, circumstances, all) =>
      head(
        circumstances,
        "Merge into kube-proxy's own configuration: beside it, kube-proxy ignores its flags.",
        ...conntrackRemarks(all, circumstances),
      ) + yaml(proxyFile(renderKnobs(requests).proxyConfiguration)),
  }
}

/** Why nobody can write `kube-proxy --cleanup` into a file. */
export const oneShot = (what: string) => ({
  because: 'it is run once and exits',
  instead: `When the mode has changed, run \`${what}\` once on each node, with kube-proxy stopped, or reboot the node`,
})
