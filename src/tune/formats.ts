import type { Format } from './format.ts'
import { ack } from './render/ack.ts'
import { eks } from './render/eks.ts'
import { kubeadm } from './render/kubeadm.ts'
import { kubespray } from './render/kubespray.ts'
import { sysctl } from './render/sysctl.ts'
import { systemd } from './render/systemd.ts'

/** What files can be written for, by its name on the command line. */
export const formats = { kubeadm, kubespray, systemd, sysctl, ack, eks } as const satisfies Readonly<
  Record<string, Format>
>
export type FormatName = keyof typeof formats
export const formatNames = Object.keys(formats) as FormatName[]
