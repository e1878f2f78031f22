'use strict'

/*
 * The program's first step, in JavaScript that old versions of Node read as well: it makes sure that there is a Node that runs
 * TypeScript and that everything is installed, and owns the exit status until then. Node itself would end with 1, which means that
 * a threshold was missed.
 */

const fs = require('fs')
const path = require('path')

const root = path.join(__dirname, '..')
const neededNode = 24
const infrastructure = 5
const bug = 70

function refuse(what, next) {
  process.stderr.write(`${what}\n\n${next}\n`)
  process.exit(infrastructure)
}

function readLock() {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  } catch (error) {
    return refuse(
      `package-lock.json cannot be read: ${error.message}`,
      'Get it back with: git restore package-lock.json',
    )
  }
}

/** Packages that the program needs and that are not there. */
function missingPackages() {
  const { packages } = readLock()
  return Object.keys(packages).filter((folder) => {
    const { dev, optional, devOptional } = packages[folder]
    if (folder === '' || dev || optional || devOptional) return false
    return !fs.existsSync(path.join(root, folder, 'package.json'))
  })
}

/** Whether an error came of loading the program's files: Node's own loader threw it. */
function isOfLoader(error) {
  const frames = error instanceof Error ? error.stack.split('\n').filter((line) => /^\s+at /.test(line)) : []
  return frames.length > 0 && frames[0].indexOf('node:internal/modules/') !== -1
}

const install = 'Install it with: npm ci   (`make scale-test` does that, too)'
const installAgain = 'Install them again with: npm ci'

function start() {
  const installed = fs.existsSync(path.join(root, 'node_modules'))
  if (Number(process.versions.node.split('.')[0]) < neededNode) {
    const found = `This is Node ${process.versions.node}; scale-test needs Node ${neededNode}`
    if (!installed) refuse(`${found}, which comes with its packages: they are not installed.`, install)
    if (fs.existsSync(path.join(root, 'node_modules', '.bin', 'node')))
      refuse(`${found}, which is in node_modules.`, 'Start it with: npm run scale-test -- ...   or: make scale-test')
    refuse(`${found}, which node_modules lacks although it is among its packages.`, installAgain)
  }
  if (!installed) refuse('The packages of scale-test are not installed.', install)
  const missing = missingPackages()
  if (missing.length > 0) {
    const others = missing.length > 3 ? ` and ${missing.length - 3} others` : ''
    refuse(`Packages of scale-test are missing: ${missing.slice(0, 3).join(', ')}${others}.`, installAgain)
  }
  import('./main.ts').catch((error) => {
    if (isOfLoader(error)) refuse(`scale-test cannot be loaded: ${error.message}`, installAgain)
    process.stderr.write(`${(error && error.stack) || error}\n\nThis is a bug in scale-test: please report it.\n`)
    process.exit(bug)
  })
}

start()
