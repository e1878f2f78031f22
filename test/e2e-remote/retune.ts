import { request } from 'node:http'
import process from 'node:process'

// retune.ts <socket> <profile> [<arm>]: what a plan's `remote.retune` and `remote.restore` run. Restarts the target's kube-apiserver and
// kube-controller-manager with that profile's flags and ends when they answer.

const [socketPath = '', profile = ''] = process.argv.slice(2)

const call = request({ socketPath, method: 'POST', path: `/retune/${encodeURIComponent(profile)}` }, (answer) => {
  if (answer.statusCode !== 204) process.exitCode = 1
  answer.pipe(process.stderr)
})
call.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
call.end()
