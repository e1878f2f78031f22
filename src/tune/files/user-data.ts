import type { FormatFile } from '../format.ts'
import { moduleFile, sysctlFile } from './sysctl.ts'

/** A script that new machines run: it writes the files that their kernel reads at boot, and applies them. */
export const sysctlScript: FormatFile['write'] = (requests, circumstances, all) => {
  const files = [moduleFile, sysctlFile].map(
    ({ path, write }) => `cat > /${path} <<'END'\n${write(requests, circumstances, all)}END\n`,
  )
  return ['#!/bin/sh\nset -eu\n', ...files, 'modprobe nf_conntrack\nsysctl --system\n'].join('')
}
