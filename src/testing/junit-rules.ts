/*
 * What pipelines take for a JUnit report. Jenkins: src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd of its
 * xunit plugin, whose rules are told here in our own words. GitLab has no schema: what counts is its parser,
 * lib/gitlab/ci/parsers/test/junit.rb, which reads XML as Rails' Hash.from_xml does.
 */

/** An element of a report as it is written. */
interface Element {
  name: string
  attributes: Readonly<Record<string, string>>
  children: Element[]
  /** Its own text, without that of its children. */
  text: string
}

/** A test case as a pipeline sees it. */
export interface JunitCase {
  suite: string
  file: string | undefined
  classname: string
  name: string
  time: string
  ended: string
  type: string | undefined
  message: string | undefined
  /** The text of its failure or error. */
  details: string | undefined
}

/** The cases of a report that breaks no rule. Throws an `Error` that lists what it breaks. */
export function junitCasesOf(xml: string): JunitCase[] {
  const root = parseXml(xml)
  const cases = casesIn(root)
  const complaints = [...complaintsOfJenkins(root), ...complaintsOfGitLab(root, cases), ...wrongCounts(root)]
  if (complaints.length > 0) throw new Error(`${complaints.join('\n')}\n\n${xml}`)
  return cases
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

function unescaped(text: string): string {
  if (/[<>]|&(?!(?:amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`not escaped: ${text}`)
  return text.replace(/&([^;]+);/g, (_, name: string) => entities[name] ?? '')
}

/** Reads the XML that reports are made of: elements, attributes and text. Throws an `Error` where it is not well-formed. */
function parseXml(xml: string): Element {
  const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/
  if (!declaration.test(xml)) throw new Error('there is no XML declaration')
  const top: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  for (const [, tag, text = ''] of xml.replace(declaration, '').matchAll(/<([^>]*)>([^<]*)/g)) {
    const [, close, name = '', written = '', selfClosed] =
      /^(\/?)([\w-]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)$/.exec(tag ?? '') ?? []
    const current = open.at(-1)
    if (name === '' || current === undefined) throw new Error(`not a tag: <${tag}>`)
    if (close === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`)
    } else {
      const pairs = [...written.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
        key,
        unescaped(value),
      ])
      const element: Element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' }
      if (Object.keys(element.attributes).length !== pairs.length) throw new Error(`an attribute twice: <${tag}>`)
      current.children.push(element)
      if (selfClosed !== '/') open.push(element)
    }
    const inside = open.at(-1)
    if (inside !== undefined) inside.text += unescaped(text)
  }
  const [root, ...others] = top.children
  if (root === undefined || others.length > 0 || open.length !== 1) throw new Error('there has to be one closed root')
  return root
}

interface Rule {
  required: readonly string[]
  optional: readonly string[]
  children: readonly string[]
  hasText: boolean
}

const outcome: Rule = { required: [], optional: ['type', 'message'], children: [], hasText: true }
const output: Rule = { required: [], optional: [], children: [], hasText: true }

const jenkins: Readonly<Record<string, Rule>> = {
  testsuites: {
    required: [],
    optional: ['name', 'time', 'tests', 'failures', 'errors'],
    children: ['testsuite'],
    hasText: false,
  },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: [
      ...['group', 'time', 'skipped', 'timestamp', 'hostname', 'id', 'package', 'file', 'log', 'url', 'version'],
    ],
    children: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
    hasText: false,
  },
  properties: { required: [], optional: [], children: ['property'], hasText: false },
  property: { required: ['name', 'value'], optional: [], children: [], hasText: false },
  testcase: {
    required: ['name'],
    optional: ['time', 'classname', 'group'],
    children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
    hasText: false,
  },
  failure: outcome,
  error: outcome,
  skipped: outcome,
  'system-out': output,
  'system-err': output,
}

function complaintsOfJenkins(element: Element): string[] {
  const { name, attributes, children, text } = element
  const rule = jenkins[name]
  if (rule === undefined) return [`Jenkins: there is no element ${name}`]
  const allowed = [...rule.required, ...rule.optional]
  const isSuite = name === 'testsuite' || name === 'testsuites'
  const { time } = attributes
  return [
    ...rule.required.filter((key) => !(key in attributes)).map((key) => `Jenkins: ${name} has no ${key}`),
    ...Object.keys(attributes)
      .filter((key) => !allowed.includes(key))
      .map((key) => `Jenkins: ${name} may not have ${key}`),
    ...children
      .filter((child) => !rule.children.includes(child.name))
      .map((child) => `Jenkins: ${child.name} in ${name}`),
    ...(!rule.hasText && text.trim() !== '' ? [`Jenkins: text in ${name}`] : []),
    ...(isSuite && time !== undefined && !/^\d+\.\d{3}$/.test(time) ? [`Jenkins: ${name} takes ${time}`] : []),
    ...children.flatMap(complaintsOfJenkins),
  ]
}

/** What Rails takes for the type of an element's text. */
const railsTypes = [
  ...['symbol', 'date', 'datetime', 'duration', 'integer', 'float', 'decimal', 'boolean', 'string', 'yaml'],
  ...['base64Binary', 'hexBinary', 'file', 'array'],
]

/** Cases are told apart by suite, class and name: of two that are alike, one is lost. */
function complaintsOfGitLab(root: Element, cases: readonly JunitCase[]): string[] {
  const keys = cases.map(({ suite, classname, name }) => `${suite} / ${classname} / ${name}`)
  return [
    ...(root.name === 'testsuites' ? [] : [`GitLab: the root is ${root.name}`]),
    ...(cases.length === 0 ? ['GitLab: there is no case'] : []),
    ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `GitLab: twice: ${key}`),
    ...cases.flatMap(({ name, ended, type, details }) => [
      ...(name === '' ? ['GitLab: a case has no name'] : []),
      ...(ended !== 'passed' && details?.trim() === '' ? [`GitLab: ${name}: ${ended} without text is not shown`] : []),
      ...(type !== undefined && railsTypes.includes(type) ? [`GitLab: ${name}: ${type} is a type of Rails`] : []),
    ]),
  ]
}

function wrongCounts(element: Element): string[] {
  const within = descendants(element)
  const count = (name: string) => within.filter((one) => one.name === name).length
  const expected = { tests: 'testcase', failures: 'failure', errors: 'error', skipped: 'skipped' }
  const own = Object.entries(expected).flatMap(([attribute, name]) => {
    const said = element.attributes[attribute]
    return said === undefined || Number(said) === count(name)
      ? []
      : [`${element.name} has ${said} ${attribute}: ${count(name)}`]
  })
  return [...own, ...element.children.filter(({ name }) => name === 'testsuite').flatMap(wrongCounts)]
}

function descendants({ children }: Element): Element[] {
  return children.flatMap((child) => [child, ...descendants(child)])
}

function casesIn(suite: Element): JunitCase[] {
  return suite.children.flatMap((child): JunitCase[] => {
    if (child.name === 'testsuite') return casesIn(child)
    if (child.name !== 'testcase') return []
    const ended = child.children.find(({ name }) => ['failure', 'error', 'skipped'].includes(name))
    const { classname = '', name = '', time = '' } = child.attributes
    return [
      {
        suite: suite.attributes['name'] ?? '',
        file: suite.attributes['file'],
        classname,
        name,
        time,
        ended: ended?.name ?? 'passed',
        type: ended?.attributes['type'],
        message: ended?.attributes['message'],
        details: ended?.text,
      },
    ]
  })
}
