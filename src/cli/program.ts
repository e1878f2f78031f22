import { homedir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { formatCount } from '../base/count.ts'
import { exitCodes } from '../base/errors.ts'
import { numberIn } from '../base/quantity.ts'
import { builders } from '../image/builders.ts'
import { mostRepetitions, mostSeeds } from '../plan/limits.ts'
import { formatNames } from '../tune/formats.ts'
import type { CalibrateOptions } from './calibrate-command.ts'
import type { CleanupOptions } from './cleanup-command.ts'
import type { CompareOptions } from './compare-command.ts'
import type { ComponentsOptions } from './components-command.ts'
import type { DoctorOptions } from './doctor-command.ts'
import type { DryRunOptions } from './dry-run.ts'
import type { EtcdBenchOptions } from './etcd-bench-command.ts'
import type { ImageOptions } from './image-command.ts'
import type { ReportOptions, RunOptions, WhatIfOptions } from './options.ts'
import type { PlanOptions } from './plan-command.ts'
import type { ResumeOptions } from './resume-command.ts'
import type { SeriesOptions } from './series-command.ts'
import type { SimulateOptions } from './simulate-command.ts'
import type { Surroundings } from './surroundings.ts'
import type { TuneRenderOptions } from './tune-command.ts'
import type { DiscoverOptions, TuneApplyOptions, TuneHostsOptions, TuneRollbackOptions } from './tune-hosts-command.ts'
import { describeVersion } from './version.ts'

/** The command line; `onExit` takes the exit status of the command that ran. Commands load when called: help is instant. */
export function createProgram(surroundings: Surroundings, onExit: (status: number) => void): Command {
  const program = new Command('scale-test')
    .description('Find out what Kubernetes tuning does to a big cluster, with numbers you can defend.')
    .option('-V, --version', 'print the version and, in a checkout, the commit')
    .on('option:version', () => {
      surroundings.terminal.print(describeVersion(surroundings.folders.root))
      throw new CommanderError(exitCodes.pass, 'scale-test.version', 'the version is printed')
    })
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.terminal.print(text.trimEnd()),
      writeErr: (text) => surroundings.terminal.printError(text.trimEnd()),
    })
    .addHelpText(
      'after',
      `
To get started:
  $ make scale-test PLAN=5k-nodes                    simulate a plan, print where the report is
  $ make scale-test PLAN=single-node TARGET=local    the same with real components
  $ npm run scale-test -- doctor                     what this machine has and lacks
  $ npm run scale-test -- report                     render the newest run again

Exit status: 0 pass, 1 threshold missed, 2 bad plan or arguments, 3 safety refusal,
4 inconclusive, 5 infrastructure, 6 something was left behind, 70 bug, 130 or 143 interrupted.`,
    )

  program
    .command('run')
    .argument('<plan>', 'a name in plans/, or a path to a .yaml file', inHome)
    .description('run a plan: bring up its clusters, time the probes, report')
    .option(
      '-t, --target <name>',
      'where the clusters come from (sim, local, remote); default: as the plan says, or sim',
    )
    .option('-r, --repeat <count>', 'how many times each arm runs', wholeNumber(mostRepetitions))
    .option('-s, --set <path=value>', overrideHelp, collected)
    .option('-k, --kubernetes <version>', armsKubernetesHelp)
    .option('-c, --calibration <file>', 'target sim only: figures from another machine, written by `calibrate`', inHome)
    .option('--threads <count>', threadsHelp, wholeNumber(mostCores))
    .option('--clusters <file>', clustersHelp, inHome)
    .option('--confirm <context>', confirmHelp, collected)
    .option('--allow-insecure <context>', insecureHelp, collected)
    .option('--junit <file>', junitHelp, inHome)
    .option('--json', jsonHelp)
    .option('--full', fullHelp)
    .option('--keep', 'targets local and remote: if an arm fails, stop there and leave its cluster for inspection')
    .action(async (plan: string, options: RunOptions) =>
      onExit(await (await import('./run-command.ts')).runCommand(plan, options, surroundings)),
    )

  program
    .command('new')
    .argument('<name>', 'name of the plan: writes NAME.yaml', inHome)
    .description('write a plan to start from, with comments')
    .action(async (name: string) => onExit((await import('./new-command.ts')).newCommand(name, surroundings)))

  program
    .command('plan')
    .argument('<plan>', 'a name in plans/, or a path to a .yaml file', inHome)
    .description('show what a plan would create, what it needs and how long it takes, without touching anything')
    .option('-s, --set <path=value>', overrideHelp, collected)
    .option('-k, --kubernetes <version>', armsKubernetesHelp)
    .option('--namespaces', 'list every namespace')
    .option('--json', 'print JSON')
    .option('-t, --target <name>', 'where the clusters would come from; default: as the plan says')
    .option('--dry-run', 'target remote only: check the clusters, and print every object that would be created')
    .option('--manifests', 'with --dry-run: print the full objects, as YAML')
    .option('--clusters <file>', clustersHelp, inHome)
    .option('--confirm <context>', confirmHelp, collected)
    .option('--allow-insecure <context>', insecureHelp, collected)
    .action(async (plan: string, options: PlanOptions & DryRunOptions & { dryRun?: boolean }) =>
      onExit(
        options.dryRun === true
          ? await (await import('./dry-run.ts')).dryRunCommand(plan, options, surroundings)
          : (await import('./plan-command.ts')).planCommand(plan, options, surroundings),
      ),
    )

  program
    .command('what-if')
    .argument('<plan>', 'a name in plans/, or a path to a .yaml file', inHome)
    .description('try values of one setting side by side, and chart what changes')
    .requiredOption(
      '--vary <setting=values>',
      'such as kubelet.kubeAPIQPS=5,10,20,50,100 or fleet.nodes=100,1000',
      collected,
    )
    .option(
      '--profile <name>',
      'where all other settings come from: an arm of the plan, a profile, or a path to a profile; default: tuned',
      inHome,
    )
    .option('-t, --target <name>', 'where the clusters come from (sim, local); default: sim')
    .option(
      '-r, --repeat <count>',
      'how many times each value runs; default: 3 on target sim, else as the plan says',
      wholeNumber(mostRepetitions),
    )
    .option('-s, --set <path=value>', overrideHelp, collected)
    .option('-c, --calibration <file>', 'target sim only: figures from another machine, written by `calibrate`', inHome)
    .option('--threads <count>', threadsHelp, wholeNumber(mostCores))
    .option('--junit <file>', junitHelp, inHome)
    .action(async (plan: string, options: WhatIfOptions) =>
      onExit(await (await import('./what-if-command.ts')).whatIfCommand(plan, options, surroundings)),
    )

  program
    .command('etcd-bench')
    .description(
      "run etcd's own benchmark on etcds started for it, or on given ones, and compare settings (docs/etcd.md)",
    )
    .option('-m, --members <count>', 'members of each etcd that is started, 1 or 3; default: 1', oneOrThree)
    .option(
      '--scale <share>',
      'share of the 10000 and 100000 requests of each row, such as 0.1; default: 1',
      shareOfOne,
    )
    .option('--arms <profiles>', 'profiles to compare, by name or path, comma-separated; default: untuned,tuned')
    .option('-r, --repeat <count>', 'how many times each arm runs', wholeNumber(mostRepetitions))
    .option('--endpoints <urls>', 'benchmark these etcds instead: the client URL of every member, comma-separated')
    .option('--cacert <file>', 'with --endpoints: CA certificate of the members', inHome)
    .option('--cert <file>', 'with --endpoints: client certificate', inHome)
    .option('--key <file>', 'with --endpoints: its private key', inHome)
    .option('--yes-write', 'with --endpoints: let the benchmark write to them, and delete what it wrote')
    .option('--junit <file>', junitHelp, inHome)
    .option('--json', jsonHelp)
    .option('--full', fullHelp)
    .addHelpText('after', etcdBenchHelp)
    .action(async (options: EtcdBenchOptions) =>
      onExit(await (await import('./etcd-bench-command.ts')).etcdBenchCommand(options, surroundings)),
    )

  program
    .command('simulate')
    .description('run a small plan with random faults, once per seed, and check that every invariant holds')
    .option('-n, --seeds <count>', 'how many seeds; default: 1000', wholeNumber(mostSeeds))
    .option('-f, --from <seed>', 'the first seed; default: 1', wholeNumber(Number.MAX_SAFE_INTEGER))
    .option('--seed <seed>', 'run one seed only, and show everything about it', wholeNumber(Number.MAX_SAFE_INTEGER))
    .action(async (options: SimulateOptions) =>
      onExit(await (await import('./simulate-command.ts')).simulateCommand(options, surroundings)),
    )

  program
    .command('report')
    .argument('[run]', 'a folder in reports/; default: the newest run')
    .description('judge a run again from its result.json, and rebuild its reports')
    .option('--junit <file>', junitHelp, inHome)
    .option('--full', fullHelp)
    .action(async (run: string | undefined, options: ReportOptions) =>
      onExit(await (await import('./report-command.ts')).reportCommand(run, options, surroundings)),
    )

  program
    .command('resume')
    .argument('[run]', 'a folder in reports/; default: the newest run that can be resumed', inHome)
    .description('resume a run that was killed or interrupted, from its first incomplete arm')
    .option('--threads <count>', threadsHelp, wholeNumber(mostCores))
    .option('--junit <file>', junitHelp, inHome)
    .option('--json', jsonHelp)
    .action(async (run: string | undefined, options: ResumeOptions) =>
      onExit(await (await import('./resume-command.ts')).resumeCommand(run, options, surroundings)),
    )

  program
    .command('compare')
    .argument('<results...>', 'folders in reports/ or elsewhere, or baseline:NAME; the first one is the baseline')
    .description(
      'compare saved results across versions, targets and machines; exit status 1 if a headline figure is worse',
    )
    .option('--arm <name>', 'compare one arm only')
    .option('--arms <before=after>', 'compare arms of different names')
    .option('--unlike', 'compare them even if they are different experiments')
    .option('-o, --output <folder>', 'where to write the pages; default: in reports/comparisons/', inHome)
    .action(async (results: string[], options: CompareOptions) =>
      onExit((await import('./compare-command.ts')).compareCommand(results, options, surroundings)),
    )

  const baseline = program
    .command('baseline')
    .description('keep results in reports/baselines/ and check runs against them')
  baseline
    .command('set')
    .argument('<name>', 'such as v1.37')
    .argument('[run]', 'a folder in reports/; default: the newest run')
    .description('keep the result of a run as a baseline')
    .option('--replace', 'overwrite the baseline of this name')
    .action(async (name: string, run: string | undefined, options: { replace?: boolean }) =>
      onExit((await import('./baseline-command.ts')).baselineSetCommand(name, run, options, surroundings)),
    )
  baseline
    .command('check')
    .argument('<name>', 'a baseline')
    .argument('[run]', 'a folder in reports/; default: the newest run')
    .description('compare a run with a baseline; exit status 1 if a headline figure is worse, 4 if inconclusive')
    .option('--arm <name>', 'compare one arm only')
    .option('--arms <before=after>', 'compare arms of different names')
    .option('--unlike', 'compare them even if they are different experiments')
    .option('-o, --output <folder>', "where to write the pages; default: the run's folder", inHome)
    .action(async (name: string, run: string | undefined, options: CompareOptions) =>
      onExit((await import('./baseline-command.ts')).baselineCheckCommand(name, run, options, surroundings)),
    )
  baseline
    .command('list')
    .description('list the baselines')
    .action(async () => onExit((await import('./baseline-command.ts')).baselineListCommand(surroundings)))

  program
    .command('watch')
    .argument('[run]', 'a folder in reports/; default: the newest run in progress')
    .description('follow a run from another terminal')
    .action(async (run: string | undefined) =>
      onExit(await (await import('./watch-command.ts')).watchCommand(run, surroundings)),
    )

  program
    .command('doctor')
    .description('show what this machine has and lacks for each target or, with --clusters, how clusters are built')
    .option(
      '--clusters <file>',
      'check the architecture of the clusters in this file; exit status 1 if a line fails',
      inHome,
    )
    .option('--allow-insecure <context>', insecureHelp, collected)
    .action(async (options: DoctorOptions) =>
      onExit(await (await import('./doctor-command.ts')).doctorCommand(options, surroundings)),
    )

  program
    .command('components')
    .description('build etcd, the control plane, kubelets and hollow nodes (once; needs Go)')
    .option('-k, --kubernetes <version>', kubernetesHelp)
    .action(async (options: ComponentsOptions) =>
      onExit(await (await import('./components-command.ts')).componentsCommand(options, surroundings)),
    )

  program
    .command('image')
    .description('build the image of hollow nodes, for the host cluster of target remote')
    .option('-k, --kubernetes <version>', kubernetesHelp)
    .option('-r, --registry <registry>', 'prefix the image name with this, and push the image there')
    .addOption(
      new Option('-b, --builder <builder>', 'tool to build it with; `none` needs only Go, no container tool')
        .choices(['auto', ...builders])
        .default('auto'),
    )
    .action(async (options: ImageOptions) =>
      onExit(await (await import('./image-command.ts')).imageCommand(options, surroundings)),
    )

  program
    .command('calibrate')
    .description('measure this machine for simulations, using target local (takes about five minutes)')
    .option('-o, --output <file>', 'where to write it; default: reports/calibration.json', inHome)
    .option('--nodes <count>', 'how many hollow nodes to measure with', wholeNumber(mostNodesMeasured), 50)
    .action(async (options: CalibrateOptions) =>
      onExit(await (await import('./calibrate-command.ts')).calibrateCommand(options, surroundings)),
    )

  program
    .command('cleanup')
    .description('remove what killed or kept runs left on this machine, or on clusters')
    .option('--run <id>', 'one run only, wherever it ran; default: every run on this machine that is not in progress')
    .addOption(
      new Option(
        '--all-mine',
        'do not ask before removing what several runs left; needed without a terminal',
      ).conflicts('run'),
    )
    .option('--dry-run', 'list what would be removed, and remove nothing')
    .option(
      '--clusters <file>',
      'clean up the clusters in this file, by the label that every run gives its objects',
      inHome,
    )
    .option('--confirm <context>', confirmHelp, collected)
    .option('--allow-insecure <context>', insecureHelp, collected)
    .action(async (options: CleanupOptions) =>
      onExit(await (await import('./cleanup-command.ts')).cleanupCommand(options, surroundings)),
    )

  program
    .command('knobs')
    .argument('[filter]', 'part of a name, such as inflight: also lists settings without a short name')
    .description('list settings: what each accepts, its values, what it affects, and where it applies')
    .action(async (filter: string | undefined) =>
      onExit((await import('./knobs-command.ts')).knobsCommand(filter, surroundings)),
    )

  program
    .command('series')
    .argument('[plan]', 'a name in plans/, or a path to a .yaml file', inHome)
    .description('list the series that thresholds can judge: all of them, or those of a plan')
    .option('-t, --target <name>', 'mark series that this target has no figures for (sim, local, remote)')
    .option('--json', 'print JSON')
    .action(async (plan: string | undefined, options: SeriesOptions) =>
      onExit((await import('./series-command.ts')).seriesCommand(plan, options, surroundings)),
    )

  const tune = program
    .command('tune')
    .description('give clusters of your own the settings of a profile (docs/tuning.md, docs/tuning-hosts.md)')
  tune
    .command('render')
    .description(
      'write the files that apply a profile by hand, and say how, and what they cannot hold; touches no cluster',
    )
    .requiredOption('--profile <name>', 'a profile, or a path to one', inHome)
    .addOption(
      new Option('--for <what>', 'what runs the cluster, or sysctl for the kernels of its hosts alone')
        .choices(formatNames)
        .makeOptionMandatory(),
    )
    .option('-o, --output <folder>', 'write the files into this new folder; default: print them', inHome)
    .option('--cores <count>', 'cores of each host: kube-proxy limits connections per core', wholeNumber(mostCores))
    .option('-k, --kubernetes <version>', 'of the cluster, such as 1.36; default: the newest that is known')
    .action(async (options: TuneRenderOptions) =>
      onExit((await import('./tune-command.ts')).tuneRenderCommand(options, surroundings)),
    )

  const onHosts = (name: string, description: string) =>
    tune
      .command(name)
      .description(description)
      .requiredOption('--clusters <file>', 'the file that lists the clusters and their hosts', inHome)
      .requiredOption('--profile <name>', 'a name in profiles/, or a path to a .yaml file', inHome)
      .option('--context <context>', 'the target whose hosts are meant, if the file has several')
      .option(
        '--no-api',
        "do not use the cluster's API: its version, Nodes and static pods are not checked, and kube-proxy is left alone",
      )
      .option('--allow-insecure <context>', tuneInsecureHelp, collected)
  tune
    .command('discover')
    .argument('<hosts...>', 'user@host, or hosts of the ssh configuration')
    .description('print the `hosts` section of clusters.yaml for these hosts; only reads')
    .option('--sudo', 'reach root through sudo -n')
    .option('--ssh-config <file>', "ssh configuration file; default: the user's own", inHome)
    .action(async (ssh: string[], options: Omit<DiscoverOptions, 'ssh'>) =>
      onExit(await (await import('./tune-hosts-command.ts')).tuneDiscoverCommand({ ...options, ssh }, surroundings)),
    )
  onHosts('plan', 'show what would change on each host, as a unified diff; changes nothing').action(
    async (options: TuneHostsOptions) =>
      onExit(await (await import('./tune-hosts-command.ts')).tunePlanCommand(options, surroundings)),
  )
  onHosts('apply', 'change the hosts, one at a time, and restore them all if one does not become well')
    .option('-y, --yes', 'do not ask')
    .option('--health-budget <seconds>', 'how long a component may take to become well again', wholeNumber(3600), 120)
    .option(
      '--dead-man <seconds>',
      'a host that hears nothing for this long restores itself, hosts with etcd one after the other; at least 10 s more than a step takes',
      wholeNumber(86_400),
      300,
    )
    .action(async (options: TuneApplyOptions) =>
      onExit(await (await import('./tune-hosts-command.ts')).tuneApplyCommand(options, surroundings)),
    )
  onHosts('verify', 'compare what runs on the hosts with a profile; exit status 1 if something differs').action(
    async (options: TuneHostsOptions) =>
      onExit(await (await import('./tune-hosts-command.ts')).tuneVerifyCommand(options, surroundings)),
  )
  tune
    .command('rollback')
    .argument('[run]', 'such as tune-1a2b3c4d; default: the newest')
    .description('restore what `tune apply` changed; may be repeated')
    .requiredOption('--clusters <file>', 'the file that lists the clusters and their hosts', inHome)
    .option('--context <context>', 'the target whose hosts are meant, if the file has several')
    .option(
      '--health-budget <seconds>',
      'how long a member of etcd may take to become well again',
      wholeNumber(3600),
      120,
    )
    .option('--allow-insecure <context>', tuneInsecureHelp, collected)
    .action(async (run: string | undefined, options: TuneRollbackOptions) =>
      onExit(await (await import('./tune-hosts-command.ts')).tuneRollbackCommand(run, options, surroundings)),
    )

  for (const command of [...program.commands, ...tune.commands]) refuseRepeated(command)
  return program
}

/** Hollow nodes that one machine carries. */
const mostNodesMeasured = 1000
/** More than any machine has cores. */
const mostCores = 1024
const threadsHelp = 'target sim only: how many arms to simulate at once; default: as many as cores and memory allow'
const clustersHelp = 'target remote only: the file that lists its clusters; default: clusters.yaml, if it exists'
const confirmHelp = 'target remote only: proceed even though this context looks like production; may be repeated'
const tuneInsecureHelp =
  'connect to this context without verifying the server (insecure-skip-tls-verify, http); may be repeated'
const insecureHelp = `target remote only: ${tuneInsecureHelp}`
const jsonHelp = 'for programs: print events as JSON lines, and all text to standard error (docs/events.md)'
const fullHelp = 'print the full summary, including met thresholds, what got worse and memory use'
const junitHelp = 'also write the JUnit report to this file, even if the command fails before it has a result'
const kubernetesHelp = 'such as 1.36; default: the version that components/go.mod pins'
const armsKubernetesHelp = 'Kubernetes version for arms that do not set their own, such as 1.36'
const overrideHelp = 'override a value of the plan, such as fleet.nodes=100; may be repeated'

const etcdBenchHelp = `
Every row of etcd's published matrix runs: puts to the leader and to all members, linearizable
and serializable ranges, each with 1 client on 1 connection and with 1000 clients on 100.
  - Puts run twice: with one key, as the published commands do (--sequential-keys alone writes
    one key), and with a key of its own for each put (--key-space-size).
  - Ranges read the key foo, which is put first: the tool does not check that it is there.
  - The tool runs on this machine. If the etcds do, too, the figures are of the whole machine:
    they compare settings, and do not say what etcd does on machines of its own.`

/** A path in the home folder: in `--clusters=~/clusters.yaml` and `make CLUSTERS=...`, few shells look for that. */
function inHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}

/** The second of two would silently count: a real cluster instead of the simulation that was asked for first. */
function refuseRepeated(command: Command): void {
  for (const option of command.options) {
    if (option.parseArg === collected || !option.required) continue
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: option '${option.flags}' is given twice`)
      isGiven = true
    })
  }
}

function collected(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}

function oneOrThree(text: string): number {
  if (text !== '1' && text !== '3') throw new InvalidArgumentError('expected 1 or 3.')
  return Number(text)
}

function shareOfOne(text: string): number {
  const value = numberIn(text)
  if (value === undefined || value <= 0 || value > 1)
    throw new InvalidArgumentError('expected a number above 0, up to 1.')
  return value
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = numberIn(text)
    if (value === undefined || !Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`expected a whole number from 1 to ${formatCount(most)}.`)
    return value
  }
}
