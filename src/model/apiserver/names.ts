/*
 * What names, labels and keys may look like, and how the apiserver complains (apimachinery/pkg/util/validation and
 * apimachinery/pkg/api/validate/content). Each function returns what is wrong, in the words of the server.
 */

const longestName = 253
const longestLabel = 63

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const patterns = {
  label: new RegExp(`^${label}$`),
  subdomain: new RegExp(`^${subdomain}$`),
  qualifiedPart: new RegExp(`^${qualifiedPart}$`),
  labelValue: new RegExp(`^(${qualifiedPart})?$`),
}
const alphanumeric =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const keyExamples = `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}')`

/** Of most objects' names. */
export function subdomainErrors(name: string): string[] {
  if (name.length > longestName) return [`must be no more than ${longestName} characters`]
  if (patterns.subdomain.test(name)) return []
  return [
    `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  ]
}

/** Of names that become one label in a domain name: those of namespaces and services. */
export function domainLabelErrors(name: string): string[] {
  if (name.length > longestLabel) return [`must be no more than ${longestLabel} characters`]
  if (patterns.label.test(name)) return []
  if (patterns.subdomain.test(name)) return ['must not contain dots']
  return [
    `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  ]
}

const configKey = '[-._a-zA-Z0-9]+'
const configKeyPattern = new RegExp(`^${configKey}$`)

/** Of a key in the data of a configmap or secret. */
export function configKeyErrors(key: string): string[] {
  if (key.length > longestName) return [`must be no more than ${longestName} characters`]
  if (configKeyPattern.test(key)) return []
  return [
    `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${configKey}')`,
  ]
}

/** Of a label's value. */
export function labelValueErrors(value: string): string[] {
  if (value.length > longestLabel) return [`must be no more than ${longestLabel} bytes`]
  if (patterns.labelValue.test(value)) return []
  return [
    `a valid label must be an empty string or ${alphanumeric} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${qualifiedPart})?')`,
  ]
}

/** Of a key of labels or annotations, or of a finalizer: a name, with or without a domain in front. */
export function qualifiedNameErrors(key: string): string[] {
  const slash = key.indexOf('/')
  if (slash !== key.lastIndexOf('/'))
    return [
      `a valid label key must ${alphanumeric} ${keyExamples} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const errors: string[] = []
  if (slash === 0) errors.push('prefix part must be non-empty')
  else if (slash > 0) for (const error of subdomainErrors(key.slice(0, slash))) errors.push(`prefix part ${error}`)
  const name = slash === -1 ? key : key.slice(slash + 1)
  if (name === '') errors.push('name part must be non-empty')
  else if (name.length > longestLabel) errors.push(`name part must be no more than ${longestLabel} bytes`)
  if (!patterns.qualifiedPart.test(name)) errors.push(`name part must ${alphanumeric} ${keyExamples}`)
  return errors
}
