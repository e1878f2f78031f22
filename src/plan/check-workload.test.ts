import { describe, expect, it } from 'vitest'
import { messageOf } from '../base/errors.ts'
import { vocabulary, workloadOf as workloadIn } from '../testing/plans.ts'
import { parsePlan } from './parse.ts'

function planWith(workload: string): string {
  return `apiVersion: scale-test/v1
name: small
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms: [{ profile: stock }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence: [{ name: rollout, from: 1, to: 5, timeout: 1m }]
workload:
${workload.replace(/^/gm, '  ')}
`
}

const workloadOf = (workload: string) => workloadIn(parsePlan(planWith(workload), 'x', vocabulary))

/** The first mistake, without the line that it is in. */
function mistakeIn(workload: string): string {
  try {
    workloadOf(workload)
    return ''
  } catch (error) {
    return messageOf(error).split('\n')[2] ?? ''
  }
}

describe('a workload without pods', () => {
  it('should need nothing but its namespaces and what is in them', () => {
    expect(workloadOf('namespaces: 3\nconfigObjects: { secrets: { perNamespace: 10 } }')).toMatchObject({
      sizeClasses: [{ name: 'all', share: 1, minimumPods: 0 }],
      pods: { total: 0, serviceLinks: false },
      configObjects: { secrets: { perNamespace: 10 }, secretSize: 1024 },
      services: 0,
    })
  })

  it('should take a ratio that makes every config object a secret', () => {
    const text = 'namespaces: 2\npods: { total: 0 }\nconfigObjects: { podsPerConfigObject: 1, configmapsPerSecret: 0 }'
    expect(workloadOf(text)).toMatchObject({ configObjects: { configmapsPerSecret: 0 } })
  })

  it('should need a size of Deployments as soon as it has pods', () => {
    expect(mistakeIn('namespaces: 2\npods: { total: 1 }')).toContain(
      'workload.pods: needs perDeployment, deploymentsPerNamespace or deployments',
    )
  })
})

describe('shares', () => {
  const thirds = (share: string) =>
    `namespaces: 3
sizeClasses: [{ name: a, share: ${share}, minimumPods: 0 }, { name: b, share: ${share}, minimumPods: 0 }, { name: c, share: ${share}, minimumPods: 0 }]
pods: { total: 3, perDeployment: 1 }`

  it('should be fractions where the plan says so', () => {
    expect(workloadOf(thirds('1/3'))?.sizeClasses.map(({ share }) => share)).toEqual([1 / 3, 1 / 3, 1 / 3])
  })

  it('should suggest a fraction when decimals do not add up', () => {
    expect(mistakeIn(thirds('0.333'))).toContain(
      'the shares add up to 0.999, not to 1; a share can be a fraction, such as 1/3',
    )
  })

  it.each(['1/0', '4/3', '-1/3', '0/0', '1/3/3', 'third', '1e-', '[1, 3]', '.nan', '2'])(
    'should refuse %s',
    (share) => {
      expect(mistakeIn(thirds(share))).toMatch(
        /^x:10:35 +workload\.sizeClasses\[0\]\.share: expected a share from 0 to 1/,
      )
    },
  )
})

describe('Deployments of several sizes', () => {
  const sized = (deployments: string, total = 20) =>
    `namespaces: 2\npods: { total: ${total}, deployments: [${deployments}] }`

  it.each([
    ['{ replicas: 5, share: 0.5 }, { replicas: 1, share: 1/2 }'],
    ['{ replicas: 5, perNamespace: 1 }, { replicas: 1, perNamespace: 5 }'],
  ])('should be shares or counts: %s', (deployments) => {
    expect(mistakeIn(sized(deployments))).toBe('')
  })

  it.each([
    ['{ replicas: 5 }', 'pods.deployments[0]: needs share or perNamespace, only one of them'],
    [
      '{ replicas: 5, share: 1, perNamespace: 1 }',
      'pods.deployments[0]: needs share or perNamespace, only one of them',
    ],
    ['{ replicas: 5, share: 1 }, { replicas: 5, perNamespace: 1 }', 'pods.deployments: give all of them a share'],
    ['{ replicas: 5, share: 0.5 }', 'pods.deployments: the shares add up to 0.5, not to 1'],
    [
      '{ replicas: 5, perNamespace: 1 }',
      'pods.total: must be 10: the Deployments add up to 5 pods in each of 2 namespaces',
    ],
    ['{ replicas: 0, share: 1 }', 'pods.deployments[0].replicas: expected'],
  ])('should refuse %s', (deployments, message) => {
    expect(mistakeIn(sized(deployments))).toContain(`workload.${message}`)
  })

  it('should not be given beside another way to say it', () => {
    expect(
      mistakeIn('namespaces: 1\npods: { total: 5, perDeployment: 5, deployments: [{ replicas: 5, share: 1 }] }'),
    ).toContain('workload.pods: needs perDeployment, deploymentsPerNamespace or deployments, only one of them')
  })

  it('should hold as many pods as the class of their namespace asks for', () => {
    const text = `namespaces: 2
sizeClasses: [{ name: all, share: 1, minimumPods: 6 }]
pods: { total: 10, deployments: [{ replicas: 5, perNamespace: 1 }] }`
    expect(mistakeIn(text)).toContain('x:10:')
  })
})

describe('config objects', () => {
  it.each([
    ['{ podsPerConfigObject: 4 }', 'needs podsPerConfigObject and configmapsPerSecret, or the numbers of'],
    ['{}', 'needs podsPerConfigObject and configmapsPerSecret, or the numbers of'],
    ['{ podsPerConfigObject: 4, configmapsPerSecret: 4, secrets: 5 }', 'ratios or numbers, not both'],
    ['{ secrets: { perNamespace: -1 } }', 'secrets'],
    ['{ secrets: { perNamespaces: 1 } }', 'secrets'],
  ])('should be refused as %s', (configObjects, message) => {
    const mistake = mistakeIn(`namespaces: 1\nconfigObjects: ${configObjects}`)
    expect(mistake).toContain('workload.configObjects')
    expect(mistake).toContain(message)
  })
})

describe('ballast', () => {
  it('should be of configmaps unless the plan says otherwise', () => {
    const kindOf = (kind: string) =>
      workloadOf(`namespaces: 1\nballast: { total: 1MB, objectSize: 1kB${kind} }`)?.ballast?.kind
    expect([kindOf(''), kindOf(', kind: events'), kindOf(', kind: secrets')]).toEqual([
      'configmaps',
      'events',
      'secrets',
    ])
  })

  it('should be of nothing else', () => {
    expect(mistakeIn('namespaces: 1\nballast: { total: 1MB, objectSize: 1kB, kind: pods }')).toContain(
      'workload.ballast.kind: expected configmaps, secrets or events',
    )
  })
})
