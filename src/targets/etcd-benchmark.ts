import { join } from 'node:path'
import { withTimeLimit } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import { createShell } from '../base/shell.ts'
import type { Credentials } from '../kube/credentials.ts'
import { createTransport, parseJson } from '../kube/transport.ts'

/** How a run of etcd's tool ended. */
export interface ToolEnd {
  stdout: string
  /** Its last lines: the progress bar is there, too. */
  stderr: string
  /** Null when it was killed. */
  exitCode: number | null
  /** Whether its time was up. */
  isLate: boolean
}

/** Etcds that a benchmark may write to, and etcd's own tool to do it with. */
export interface BenchmarkedEtcds extends AsyncDisposable {
  /** The client URL of every member. */
  readonly urls: readonly string[]
  /** Whether they are somebody else's, so that what is written has to be deleted. */
  readonly isGiven: boolean
  /** Whether Kubernetes runs on the same machine. */
  readonly besideKubernetes: boolean
  /** How a user reaches them with etcdctl. */
  readonly etcdctl: string
  /** Runs the tool against some of the members. Throws the reason of `signal` when that aborts. */
  runTool(urls: readonly string[], args: readonly string[], limitMs: number, signal: AbortSignal): Promise<ToolEnd>
  /** Posts to a member's gRPC gateway, `/v3/...`; resolves to its answer. Throws `ApiError`. */
  ask(url: string, path: string, body: object, signal: AbortSignal): Promise<unknown>
}

interface EtcdsOptions extends Pick<BenchmarkedEtcds, 'urls' | 'isGiven' | 'besideKubernetes'> {
  /** etcd's tool. */
  program: string
  env: Readonly<Record<string, string>>
  /** For programs. */
  files: { cacert?: string | undefined; cert?: string | undefined; key?: string | undefined }
  /** The same for this process. */
  credentialsOf(url: string): Credentials
  clock: Clock
  /** Aborts when a member ends. */
  broken: AbortSignal
  close(): Promise<void>
}

/** Etcds that run, reached as a user would: by the tool, and by the gateway that etcd serves on its client URL. */
export function benchmarkedEtcds(options: EtcdsOptions): BenchmarkedEtcds {
  const { urls, isGiven, besideKubernetes, program, env, files, clock, broken } = options
  const closing = new AbortController()
  const transports = new Map(
    urls.map((url) => [
      url,
      createTransport({
        credentials: options.credentialsOf(url),
        clock,
        signal: closing.signal,
        retry: { attempts: 1, totalMs: 1 },
      }),
    ]),
  )
  const tls = Object.entries(files).flatMap(([name, file]) => (file === undefined ? [] : [`--${name}=${file}`]))
  return {
    urls,
    isGiven,
    besideKubernetes,
    etcdctl: ['etcdctl', `--endpoints=${urls.join(',')}`, ...tls].join(' '),

    runTool: (some, args, limitMs, signal) =>
      withTimeLimit({ clock, limitMs }, async (late) => {
        const ending = AbortSignal.any([signal, broken, late])
        const shell = createShell({ env, signal: ending })
        const output = await shell`${program} --endpoints=${some.join(',')} ${tls} ${args}`
        if (late.aborted) return { stdout: '', stderr: '', exitCode: null, isLate: true }
        ending.throwIfAborted()
        return { stdout: output.stdout, stderr: output.stderr, exitCode: output.exitCode, isLate: false }
      }),

    async ask(url, path, body, signal) {
      const transport = transports.get(url)
      if (transport === undefined) throw new Error(`${url} is no member`)
      const call = {
        verb: 'create',
        resource: path,
        method: 'POST',
        path,
        body: JSON.stringify(body),
        repeatable: true,
      } as const
      return transport.send<unknown>(call, parseJson, { signal: AbortSignal.any([signal, broken]) })
    },

    async [Symbol.asyncDispose]() {
      closing.abort(new Failure('interrupted', 'the benchmark is over'))
      await options.close()
    },
  }
}

/** Where etcd's tool is in a folder of components. */
export function benchmarkProgram(folder: string): string {
  return join(folder, 'etcd-benchmark')
}
