import { ioPriorityOf } from '../../tuning/io-priority.ts'
import type { Component } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import type { Circumstances, FormatFile } from '../format.ts'
import { head } from './text.ts'

/** Where a drop-in of a unit is. */
export function dropInPath(unit: string): string {
  return `etc/systemd/system/${unit}.d/90-scale-test.conf`
}

/** Where that of a component is whose unit is called as it is. */
export function unitPath(component: Component): string {
  return dropInPath(`${component}.service`)
}

/** A drop-in that gives a component's unit priorities and variables, and a component other than etcd its flags. */
export function unitFile(component: Component, where: string): FormatFile {
  const path = unitPath(component)
  return {
    path,
    apply: [
      `On each ${where}, one at a time, copy it to /${path.slice(0, path.lastIndexOf('/') + 1)}.`,
      '$ systemctl daemon-reload',
      `$ systemctl restart ${component}`,
    ],
    write: (requests, circumstances) => dropIn(component, requests, circumstances),
  }
}

function dropIn(component: Component, requests: readonly KnobRequest[], circumstances: Circumstances): string {
  const { flags, environment, etcdProcess } = renderKnobs(requests)
  const own = flags[component] ?? {}
  const asFlags = component === 'etcd' ? {} : own
  const variables = {
    ...(component === 'etcd'
      ? Object.fromEntries(Object.entries(own).map(([flag, value]) => [etcdVariable(flag), value]))
      : {}),
    ...environment[component],
  }
  const flagLine = Object.entries(asFlags).map(([flag, value]) => `--${flag}=${value}`)
  return [
    head(circumstances, ...(component === 'etcd' && Object.keys(own).length > 0 ? oneOfBoth : [])),
    '[Service]\n',
    ...(etcdProcess.nice === undefined ? [] : [`Nice=${etcdProcess.nice}\n`]),
    ...(etcdProcess.ioPriority === undefined ? [] : ioPriorityLines(etcdProcess.ioPriority).map((line) => `${line}\n`)),
    ...Object.entries(variables).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`),
    ...(flagLine.length === 0
      ? []
      : [
          `Environment=${quoted(`${flagsVariable}=${flagLine.join(' ')}`)}\n`,
          `# The ExecStart of ${component}.service has to end with $${flagsVariable}, without quotes or braces, so that systemd makes\n`,
          '# words of it. If it does not, put its own command line here (systemctl cat shows it); the last of two equal flags counts:\n',
          '#ExecStart=\n',
          `#ExecStart=COMMAND LINE OF ${component}.service $${flagsVariable}\n`,
        ]),
  ].join('')
}

/** What the command lines of units end with. */
const flagsVariable = 'SCALE_TEST_FLAGS'
const oneOfBoth = [
  'etcd does not start with a variable and its flag: take these flags from its command line. An EnvironmentFile of its unit has the last word;',
  'with --config-file, etcd takes no variables.',
]

/** Whether systemd would keep a flag's value together when it makes words of the variable. */
export function isOneWord(value: unknown): boolean {
  return !/[\s'"\\]/.test(String(value))
}

/** etcd's variable for a flag (pkg/flags/flag.go, FlagToEnv). With both, it does not start (verifyEnv there). */
export function etcdVariable(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll('-', '_')}`
}

/** The flag that etcd takes such a variable for, as an argument: it ignores empty ones. Undefined where it is none. */
export function etcdFlagOf(variable: string): string | undefined {
  const [, name = '', value] = /^ETCD_([A-Z0-9_]+)=([\s\S]+)$/.exec(variable) ?? []
  return value === undefined ? undefined : `--${name.toLowerCase().replaceAll('_', '-')}=${value}`
}

/** As systemd reads it: with % for specifiers, and escapes as in C (systemd.syntax(7)). */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}

/** systemd.exec(5): an empty class takes back what was set, so that the kernel's default holds. */
export function ioPriorityLines(priority: string): string[] {
  const { name, level } = ioPriorityOf(priority)
  if (name === 'none') return ['IOSchedulingClass=']
  return [`IOSchedulingClass=${name}`, ...(level === undefined ? [] : [`IOSchedulingPriority=${level}`])]
}
