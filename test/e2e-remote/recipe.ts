import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from '../e2e/components.ts'
import type { Manifest } from './rights.ts'

/** What docs/pipelines.md says of a CronJob in a cluster, each part as it stands there. */
export interface Recipe {
  dockerfile: string
  /** The Secret, and names of the files that go into it. */
  secret: { name: string; files: string[] }
  clusters: ClustersFile
  cronJob: CronJob
}

/** As much of clusters.yaml as a reader fills in. */
interface ClustersFile {
  remote: { host: Place; targets: Place[] }
}

interface Place {
  uid: string
}

interface CronJob extends Manifest {
  spec: { jobTemplate: { spec: { template: { spec: PodSpec } } } }
}

/** As much of a pod as tells what it runs and what it can see. */
export interface PodSpec {
  containers: { image: string; args: string[] }[]
  volumes: { name: string }[]
}

/** Reads it. */
export function readRecipe(): Recipe {
  const text = readFileSync(join(root, 'docs', 'pipelines.md'), 'utf8')
  const section = text.split('\n## ').find((part) => part.startsWith('A CronJob in a cluster\n')) ?? ''
  const [dockerfile, clusters, cronJob] = [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const [, name, files] = /^ {4}kubectl create secret generic (\S+) (.+)$/m.exec(section) ?? []
  if (!dockerfile || !clusters || !cronJob || !name || !files)
    throw new Error(
      'docs/pipelines.md is to have a Dockerfile, the command for a Secret, a clusters.yaml and a CronJob',
    )
  return {
    dockerfile,
    secret: { name, files: files.split(' ').map((option) => option.replace('--from-file=', '')) },
    clusters: parse(clusters),
    cronJob: parse(cronJob),
  }
}
