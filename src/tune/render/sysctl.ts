import { renderKnobs } from '../../tuning/render.ts'
import { moduleFile, sysctlFile, sysctlPaths } from '../files/sysctl.ts'
import type { Format } from '../format.ts'

/** What the kernels of hosts are told, and, in comments, what kube-proxy has to be told along with that. */
export const sysctl: Format = {
  files: [
    moduleFile,
    {
      ...sysctlFile,
      write(requests, circumstances, all) {
        const conntrack = Object.entries(renderKnobs(requests).proxyConfiguration['conntrack'] ?? {})
        const lines = conntrack.map(([field, value]) => `# kube-proxy has to be told conntrack.${field}: ${value}\n`)
        return sysctlFile.write(requests, circumstances, all) + lines.join('')
      },
    },
  ],
  placeOf({ knob }) {
    const { setting } = knob
    const other = 'Render it for what runs the cluster, such as --for kubeadm; sysctls are in there, too'
    if (setting.via === 'sysctl') return { in: sysctlPaths }
    return setting.via === 'kube-proxy-config' && setting.field.startsWith('conntrack.')
      ? {
          in: [sysctlFile.path],
          because: 'the file has it as a comment only: kube-proxy has to be told',
          instead: other,
        }
      : { because: 'it is no sysctl', instead: other }
  },
}
