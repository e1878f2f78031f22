import { describe, expect, it } from 'vitest'
import { markup, raw } from './markup.ts'

describe('markup', () => {
  it('should escape text in elements and attributes', () => {
    const hostile = `<b a='1'>&"`
    expect(markup`<i title="${hostile}">${hostile}</i>`.markup).toBe(
      '<i title="&lt;b a=&#39;1&#39;&gt;&amp;&quot;">&lt;b a=&#39;1&#39;&gt;&amp;&quot;</i>',
    )
  })

  it('should put markup in as it stands, and nothing where there is nothing', () => {
    expect(markup`<p>${[raw('<br>'), markup`<i>${1}</i>`, null, undefined, false, ['x', ['<']]]}</p>`.markup).toBe(
      '<p><br><i>1</i>x&lt;</p>',
    )
  })
})
