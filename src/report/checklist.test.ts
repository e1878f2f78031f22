import { describe, expect, it } from 'vitest'
import { checklistSections } from './checklist.ts'

const line = { topic: 'etcd', title: 'Quota', reason: '2 GiB' } as const

describe('the checklist in a report', () => {
  it('should say in brief how many lines there are of each verdict, and which fail', () => {
    const lines = [
      { ...line, id: 'a', verdict: 'fail' as const, next: 'raise it' },
      { ...line, id: 'b', title: 'Disk', verdict: 'cannot see' as const, next: 'lsblk' },
      { ...line, id: 'c', title: 'Leader', verdict: 'pass' as const },
    ]
    const [section, ...others] = checklistSections([{ cluster: 'target (context a)', lines }])
    expect(others).toEqual([])
    const [brief, fold] = section?.blocks ?? []
    expect(brief).toEqual({
      kind: 'paragraph',
      brief: true,
      text: 'target (context a): 1 pass, 1 fail, 1 cannot be seen. Failing: etcd: Quota.',
    })
    expect(fold).toMatchObject({ kind: 'fold', blocks: [{ groups: [{ title: 'etcd', rows: [{}, {}, {}] }] }] })
  })

  it('should be left out where no cluster was looked at', () => {
    expect(checklistSections()).toEqual([])
  })
})
