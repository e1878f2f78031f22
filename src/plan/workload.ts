import { z } from 'zod'
import { mostNamespaces } from './limits.ts'
import { names } from './names.ts'
import { bytes, count, countOrNone, perSecond, share, timeLimitMs } from './scalars.ts'

const amount = z
  .union([countOrNone(), z.strictObject({ perNamespace: countOrNone() })])
  .describe('How many in total, or in each namespace: 1000, or { perNamespace: 20 }.')

/** How many there are: in all, or in each namespace. */
export type Amount = z.infer<typeof amount>

/** What ballast can be made of. */
const ballastKinds = ['configmaps', 'secrets', 'events'] as const

/** The objects that fill the cluster. Totals are exact; what is drawn at random follows from the seed. */
export function workloadSection() {
  return z.strictObject({
    namespaces: count(mostNamespaces),
    sizeClasses: z
      .array(
        z.strictObject({
          name: names.sizeClass.describe('Name of the size class in reports.'),
          share: share.refine((value) => value > 0, 'expected a share above 0'),
          minimumPods: countOrNone(),
        }),
      )
      .min(1)
      .default([{ name: 'all', share: 1, minimumPods: 0 }])
      .describe(
        'Size classes of namespaces, by the pods they hold; shares add up to 1. When absent, there is one class; sizes vary at random within a class.',
      ),
    pods: z
      .strictObject({
        total: countOrNone(),
        perDeployment: count()
          .optional()
          .describe('Replicas of a Deployment; the last one in a namespace takes the remainder.'),
        deploymentsPerNamespace: count().optional().describe('Instead: Deployments of equal size in each namespace.'),
        deployments: z
          .array(
            z.strictObject({
              replicas: count(),
              share: share.optional().describe("Share of a namespace's pods that are in Deployments of this size."),
              perNamespace: count().optional().describe('Instead: how many such Deployments each namespace has.'),
            }),
          )
          .min(1)
          .optional()
          .describe('Instead: Deployments of several sizes in each namespace.'),
        image: names.image
          .default('registry.k8s.io/pause:3.10')
          .describe('The image of their container; hollow nodes pull none.'),
        serviceAccountToken: z
          .boolean()
          .default(false)
          .describe('Whether pods mount a service-account token, which costs one more kubelet call per pod.'),
        serviceLinks: z
          .boolean()
          .default(false)
          .describe(
            'Whether containers get environment variables for every service in their namespace, as Kubernetes does by default.',
          ),
        mountingShare: share
          .prefault(0)
          .describe('Share of the Deployments whose pods mount one configmap and one secret of their namespace.'),
      })
      .prefault({ total: 0 })
      .describe('None when absent.'),
    services: amount.prefault(0).describe('A total is spread over the namespaces in proportion to their pods.'),
    configObjects: z
      .strictObject({
        podsPerConfigObject: z.number().positive().optional().describe('Pods per config object; 4 in the document.'),
        configmapsPerSecret: z
          .number()
          .min(0)
          .optional()
          .describe('Configmaps per secret, also 4 in the document; 0 makes all of them secrets.'),
        configmaps: amount.optional().describe('Instead of the ratios: the number of configmaps.'),
        secrets: amount.optional().describe('Instead of the ratios: the number of secrets.'),
        configmapSize: bytes.prefault('1KiB'),
        secretSize: bytes.prefault('1KiB'),
      })
      .optional()
      .describe(
        'Configmaps and secrets, given as two ratios or as numbers. A total is scattered over the namespaces at random.',
      ),
    serviceAccounts: amount.prefault(0).describe('In addition to the `default` one that every namespace gets.'),
    ballast: z
      .strictObject({
        total: bytes,
        objectSize: bytes,
        kind: z
          .enum(ballastKinds)
          .default('configmaps')
          .describe('What it is made of. The apiserver lets events expire after an hour (--event-ttl).'),
      })
      .optional()
      .describe("Objects that only take up space, such as the document's 1.5 GB in etcd."),
    pace: z
      .strictObject({ rate: perSecond.optional(), concurrency: count(128).optional() })
      .default({ concurrency: 32 })
      .describe(
        'How fast objects are created: a rate per second, however long the answers take, or a number at a time.',
      ),
    timeout: timeLimitMs
      .prefault('15m')
      .describe('How long it may take until all objects exist and all pods are Ready.'),
  })
}

/** What a plan fills its cluster with. */
export type PlannedWorkload = z.infer<ReturnType<typeof workloadSection>>
