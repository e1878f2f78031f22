import { kubeletFile, renderKnobs } from '../../tuning/render.ts'
import type { FormatFile } from '../format.ts'
import { head, yaml } from './text.ts'

const folder = 'etc/kubernetes/kubelet.conf.d'

/** A drop-in over a kubelet's own configuration file (cmd/kubelet/app/server.go: read in lexical order, each with apiVersion and kind). */
export const kubeletDropIn: FormatFile = {
  path: `${folder}/90-scale-test.conf`,
  apply: [
    `On each node whose kubelet runs with --config-dir=/${folder}, copy it there (the flag is stable since Kubernetes 1.35).`,
    '$ systemctl restart kubelet',
  ],
  write: (requests, circumstances) =>
    head(
      circumstances,
      `For kubelets that run with --config-dir=/${folder}: its files override the file of --config.`,
    ) + yaml(kubeletFile(renderKnobs(requests).kubeletConfiguration)),
}
