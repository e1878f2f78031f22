import { mkdtempSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { startHostCluster } from './host-cluster.ts'
const folder = mkdtempSync('/tmp/hc/run-')
const t0 = performance.now()
const say = (w: string) => console.log(Math.round(performance.now() - t0), w)
const c = await startHostCluster({ folder, hosts: Number(process.argv[2] ?? 2), binaries: '/tmp/hc/bin', images: ['/tmp/hc/pause.tar', '/tmp/hc/hollow-node.tar'], pauseImage: 'pause:e2e', clock: systemClock,
  profiles: { tuned: { 'kube-controller-manager': { 'kube-api-qps': '500' } }, untuned: {} } })
say('ready')
try {
  console.log(c.host.uid, c.target.uid, c.inspect())
  for (const a of [['--kubeconfig', c.host.kubeconfig, 'get', 'nodes,csr', '-o', 'wide'], ['--kubeconfig', c.target.kubeconfig, 'get', 'ns'], ['--kubeconfig', c.host.limitedKubeconfig, 'get', 'nodes'],
    ['--kubeconfig', c.host.kubeconfig, 'get', '--raw', '/api/v1/nodes/host-0/proxy/configz'], ['--kubeconfig', c.target.kubeconfig, 'get', '--raw', '/flagz'],
    ['--kubeconfig', c.host.kubeconfig, 'run', 'a', '--image=pause:e2e', '--image-pull-policy=Never'],
  ]) {
    const r = await c.run('kubectl', a)
    console.log(a.slice(2).join(' '), r.status, r.stdout.slice(0, 1200), r.stderr.slice(0, 500))
  }
  say('kubectl done')
  const [program = '', ...rest] = c.retune
  console.log(await c.run(program, [...rest, 'tuned']))
  say('retuned')
  console.log((await c.run('kubectl', ['--kubeconfig', c.host.kubeconfig, 'get', 'pods', '-A', '-o', 'wide'])).stdout)
  console.log((await c.run('sh', ['-c', 'find /proc/[0-9]*/fd -lname anon_inode:inotify 2>/dev/null | cut -d/ -f3 | sort | uniq -c | while read n p; do echo $n $(cat /proc/$p/comm); done'])).stdout)
} finally {
  await c.stop()
  say('stopped')
  console.log(c.inspect())
}
