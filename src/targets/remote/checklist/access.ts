import { plural } from '../../../base/count.ts'
import { flagValue, isOn, itemsOf } from './flags.ts'
import type { Judgement, Topic } from './judge.ts'
import { cannotSee, eachProcess, fail, few, pass, whereSeen } from './judge.ts'

/** Who is meant to have all rights: administrators, as Kubernetes and kubeadm name them. */
const administrators = ['Group system:masters', 'Group kubeadm:cluster-admins']
/** Everybody, or nearly so. */
const everybody = /^(?:Group system:(?:authenticated|unauthenticated|serviceaccounts(?::.*)?)|User system:anonymous)$/

/** Who may do what, what is kept secret, and what is written down. */
export const access: Topic = {
  title: 'Access',
  lines: [
    {
      id: 'authorization',
      title: 'RBAC is on',
      judge: (facts) =>
        eachProcess(facts, 'kube-apiserver', (flags) => {
          const file = flagValue(flags, 'authorization-config')
          if (file !== undefined) return inFile(file)
          const modes = itemsOf(flags, 'authorization-mode')
          const next = 'Set --authorization-mode=Node,RBAC'
          if (modes.length === 0) return fail('--authorization-mode is not set: everything is allowed', next)
          return modes.includes('RBAC') && !modes.includes('AlwaysAllow')
            ? pass(`--authorization-mode=${modes.join(',')}`)
            : fail(`--authorization-mode=${modes.join(',')}`, next)
        }),
    },
    {
      id: 'anonymous',
      title: 'No anonymous requests',
      judge: (facts) =>
        eachProcess(facts, 'kube-apiserver', (flags) => {
          const file = flagValue(flags, 'authentication-config')
          if (file !== undefined) return inFile(file)
          return isOn(flags, 'anonymous-auth', true)
            ? fail(
                '--anonymous-auth is on',
                'Set --anonymous-auth=false, or limit it to health checks: anonymous.conditions in a file for --authentication-config',
              )
            : pass('--anonymous-auth=false')
        }),
    },
    {
      id: 'cluster-admins',
      title: 'cluster-admin for administrators only',
      judge: ({ bindings }) =>
        whereSeen(bindings, (all) => {
          const others = all.flatMap(({ name, role, subjects }) =>
            role === 'cluster-admin'
              ? subjects.filter((one) => !administrators.includes(one)).map((one) => `${one} (${name})`)
              : [],
          )
          return others.length === 0
            ? pass(`only ${administrators.map((one) => one.replace('Group ', '')).join(' and ')}`)
            : fail(
                `${plural(others.length, 'other subject')}: ${few(others)}`,
                'Bind roles with fewer rights, and delete these ClusterRoleBindings',
              )
        }),
    },
    {
      id: 'wildcard-roles',
      title: 'Full rights not granted to everybody',
      judge: ({ bindings, wildcardRoles }) =>
        whereSeen(bindings, (all) =>
          whereSeen(wildcardRoles, (roles) => {
            const wide = all.filter(
              ({ role, subjects }) => roles.includes(role) && subjects.some((subject) => everybody.test(subject)),
            )
            return wide.length === 0
              ? pass(`${plural(roles.length, 'role')} with all rights, none bound to everybody`)
              : fail(
                  `all rights for ${few(wide.flatMap(({ name, subjects }) => subjects.filter((one) => everybody.test(one)).map((one) => `${one} (${name})`)))}`,
                  'Delete these ClusterRoleBindings: whoever can sign in owns the cluster',
                )
          }),
        ),
    },
    {
      id: 'encryption',
      title: 'Secrets encrypted at rest',
      judge: (facts) =>
        eachProcess(facts, 'kube-apiserver', (flags) => {
          const file = flagValue(flags, 'encryption-provider-config')
          return file === undefined
            ? fail(
                'no --encryption-provider-config',
                'Write an EncryptionConfiguration, and set --encryption-provider-config',
              )
            : pass(`--encryption-provider-config=${file}`)
        }),
    },
    {
      id: 'audit',
      title: 'Audit log',
      judge: (facts) =>
        eachProcess(facts, 'kube-apiserver', (flags) => {
          const policy = flagValue(flags, 'audit-policy-file')
          const sinks = ['audit-log-path', 'audit-webhook-config-file'].filter(
            (flag) => flagValue(flags, flag) !== undefined,
          )
          const next = 'Write an audit policy, and set --audit-policy-file and --audit-log-path'
          if (policy === undefined) return fail('no --audit-policy-file', next)
          return sinks.length === 0
            ? fail('--audit-policy-file, but no --audit-log-path and no --audit-webhook-config-file', next)
            : pass(`--audit-policy-file=${policy}, --${sinks.join(', --')}`)
        }),
    },
  ],
}

function inFile(file: string): Judgement {
  return cannotSee({ because: `in a file: ${file}`, next: `Read ${file} on the control plane's machines` })
}
