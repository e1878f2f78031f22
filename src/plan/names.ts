import { z } from 'zod'
import { shown } from '../base/shown.ts'

/*
 * Names that end up in Kubernetes, with the limits that its apiserver and its kubelets have (k8s.io/apimachinery, util/validation;
 * github.com/distribution/reference for images).
 */

const labelForm = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const subdomainForm = `${labelForm}(?:\\.${labelForm})*`
const valueForm = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const keyForm = `(?:${subdomainForm}/)?${valueForm}`
/** So long is a DNS label, and so are a namespace's name and a label's value. */
const longestLabel = 63
const longestSubdomain = 253
/** A namespace is called `scale-test-<class>-<number>`: this leaves 11 digits. */
const longestClassName = 40
/** Leaves room for the repetition, which goes with it into the value of a label. */
export const longestArmName = 40
/** Nothing that is longer is matched: forms of lists could take their time over it. */
const longestText = 1000

function label(longest: number) {
  return z
    .string()
    .regex(new RegExp(`^${labelForm}$`), 'expected lower-case letters, digits and dashes, with no dash at either end')
    .max(longest)
}

/** Labels with dots between them. */
function subdomain(longest: number) {
  return z
    .string()
    .regex(
      new RegExp(`^${subdomainForm}$`),
      'expected lower-case letters, digits, dashes and dots, with no dash or dot at either end',
    )
    .max(longest)
}

function expecting(what: string) {
  return { error: ({ input }: { input?: unknown }) => `expected ${what}, found ${shown(input)}` }
}

/** Text of a form that one regular expression says. */
function formed(expected: string, form: string, longest = longestText) {
  const whole = new RegExp(`^(?:${form})$`)
  return z
    .string()
    .refine((text) => text.length <= longest && whole.test(text), expecting(expected))
    .meta({ pattern: whole.source })
}

const domain = '[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?'
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const imageForm = [
  `(?:(?:${domain}(?:\\.${domain})*|\\[[0-9a-fA-F:]+\\])(?::\\d+)?/)?`,
  `${pathPart}(?:/${pathPart})*`,
  '(?::\\w[\\w.-]{0,127})?',
  '(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?',
].join('')

const values = `\\( *(?:${valueForm})?(?: *, *(?:${valueForm})?)* *\\)`
const requirement = `(?:! *${keyForm}|${keyForm}(?: *(?:==?|!=) *(?:${valueForm})?| +(?:not)?in *${values}| *[<>] *\\d+)?)`
const selectorForm = ` *${requirement}(?: *, *${requirement})* *`
const aSelector = 'a label selector, such as pool=workers or zone in (a, b)'

/** The form of every name in a plan. */
export const names = {
  plan: label(longestLabel),
  /** With dots, for `v1.37`. It becomes part of file names, of label values and of the names of signing requests. */
  arm: subdomain(longestArmName),
  probe: label(longestLabel),
  sizeClass: label(longestClassName),
  /** Of something elsewhere in the plan: where it is not found, that says more than its form. */
  reference: z.string().min(1),
  namespace: label(longestLabel),
  node: formed('the name of a node, such as worker-1', subdomainForm, longestSubdomain),
  labelKey: formed('the key of a label, such as example.org/pool', keyForm, longestSubdomain + 1 + longestLabel),
  labelValue: formed(
    `the value of a label: at most ${longestLabel} letters, digits, dashes, dots and underscores`,
    `(?:${valueForm})?`,
  ),
  labelSelector: formed(aSelector, selectorForm),
  labelSelectorOrNone: formed(aSelector, `(?:${selectorForm})?`),
  taint: formed(
    'key=value:Effect, such as kubemark=true:NoSchedule',
    `${keyForm}(?:=(?:${valueForm})?)?:(?:NoSchedule|PreferNoSchedule|NoExecute)`,
  ),
  image: formed('an image, such as registry.k8s.io/pause:3.10', imageForm, 500),
  /** Of a file, or an argument of a program: where the operating system ends a text. */
  path: z
    .string()
    .min(1)
    .refine((text) => !text.includes('\0'), expecting('text without NUL characters')),
} as const
