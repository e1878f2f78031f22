import type { YAMLError } from 'yaml'

type Words = string | ((message: string) => string)

/**
 * What is wrong with YAML, by the library's code: its own messages are for programmers, and quote what they are about. Where one
 * code has several meanings, its message tells them apart.
 */
const words: { readonly [Code in YAMLError['code']]?: Words } = {
  ALIAS_PROPS: 'an alias (*name) has no tag and no anchor of its own',
  BAD_ALIAS: 'an anchor (&name) or an alias (*name) needs a name, which does not end in a colon',
  BAD_COLLECTION_TYPE: 'the tag does not fit; remove it',
  BAD_DIRECTIVE: 'directives such as %YAML are not supported; remove the line',
  BAD_DQ_ESCAPE: 'unknown escape in double quotes; in single quotes a backslash is just a backslash',
  BAD_INDENT: (message) => {
    if (message.startsWith('Flow')) return 'a bracket is opened here or above and never closed'
    return message.includes('same column')
      ? 'the indentation matches nothing above; fields of one map start in the same column'
      : 'the indentation is too small'
  },
  BAD_PROP_ORDER: 'anchors and tags stand right before their value',
  BAD_SCALAR_START: 'a value that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon on one line; quote the value, or start a new line',
  BLOCK_IN_FLOW: 'inside brackets, lists and maps need brackets, too',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: (message) => {
    if (message.startsWith('Missing closing')) return 'a quote is opened and never closed'
    if (message.startsWith('Flow')) return 'a bracket is opened and never closed'
    if (message.startsWith('Missing ,')) return 'a comma is missing'
    if (message.startsWith('Missing space')) return 'a space is missing after the colon'
    if (message.startsWith('Comments')) return 'a comment needs a space before its #'
    if (message.startsWith('Implicit map keys')) return 'expected "key: value"; the colon is missing'
    return 'something is missing'
  },
  MULTILINE_IMPLICIT_KEY: 'expected "key: value" on one line; is a colon missing, or a space after it?',
  MULTIPLE_ANCHORS: 'a value has one anchor (&name) at most',
  MULTIPLE_DOCS: 'a second document begins; a file may hold only one',
  MULTIPLE_TAGS: 'tags such as !name are not supported; remove them',
  NON_STRING_KEY: 'a key has to be plain text',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'indented with a tab; YAML wants spaces',
  TAG_RESOLVE_FAILED: 'tags such as !name are not supported; remove it',
  UNEXPECTED_TOKEN: 'this does not belong here',
}

/** What the library found wrong, in our words. */
export function yamlErrorInWords({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  const found = words[code]
  if (found === undefined) return 'this is not YAML'
  return typeof found === 'string' ? found : found(message)
}
