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

const install = 'Install them with: npm ci   (`make scale-test` does that, too)'
const installAgain = 'Install them again with: npm ci'

/** Ends the program, with the way to a newer Node: the one among the packages where there is one for this machine, else one of the user's. */
function refuseNode(installed) {
  const found = `This is Node ${process.versions.node}; scale-test needs Node ${neededNode} or newer`
  const own = `node-${process.platform}-${process.arch}`
  if (!readLock().packages[`node_modules/${own}`])
    refuse(
      `${found}, and brings none for ${process.platform} on ${process.arch}.`,
      `Install Node ${neededNode} or newer (https://nodejs.org), and put it first on PATH.`,
    )
  if (!installed) refuse(`${found}, which comes with its packages: they are not installed.`, install)
  if (!fs.existsSync(path.join(root, 'node_modules', '.bin', 'node')))
    refuse(`${found}, but the package ${own} is missing.`, 'Install it with: npm ci --include=optional')
  refuse(`${found}, which is in node_modules.`, 'Start it with: npm run scale-test -- ...   or: make scale-test')
}

function start() {
  const installed = fs.existsSync(path.join(root, 'node_modules'))
  if (Number(process.versions.node.split('.')[0]) < neededNode) refuseNode(installed)
  if (!installed) refuse('The packages of scale-test are not installed.', install)
  const missing = missingPackages()
  if (missing.length > 0) {
    const others = missing.length > 3 ? ` and ${missing.length - 3} others` : ''
    refuse(`Packages of scale-test are missing: ${missing.slice(0, 3).join(', ')}${others}.`, installAgain)
  }
  // What was compiled once is kept: that is half of the time which a command takes to start.
  require('module').enableCompileCache(path.join(root, 'node_modules', '.cache', 'scale-test'))
  import('./main.ts').catch((error) => {
    if (isOfLoader(error)) refuse(`scale-test cannot be loaded: ${error.message}`, installAgain)
    process.stderr.write(`${(error && error.stack) || error}\n\nThis is a bug in scale-test: please report it.\n`)
    process.exit(bug)
  })
}

start()
