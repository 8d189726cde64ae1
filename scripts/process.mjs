// How the scripts start other programs.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const folders = [join(root, 'node_modules/.bin'), join(root, '.tools/node_modules/.bin')]

const environment = { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter), TURBO_TELEMETRY_DISABLED: '1' }

const exitCode = (code, signal) => code ?? 128 + constants.signals[signal]

/** Runs a program to its end; answers with its exit code and everything it printed. */
export const capture = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}` }))
    child.on('close', (code, signal) => resolve({ code: exitCode(code, signal), output: Buffer.concat(chunks).toString() }))
  })

/** Like `capture`, for what must work: prints the output to stderr and ends this process when the program fails. */
export const must = async (command, args, options) => {
  const { code, output } = await capture(command, args, options)
  if (code === 0) return output
  process.stderr.write(`${output}\n${[command, ...args].join(' ')}: exit code ${code}\n`)
  process.exit(1)
}

/**
 * Hands the terminal to a program and ends this process with its exit code.
 * One Ctrl-C reaches us twice under npm (from the terminal and from npm), so the program gets a
 * process group of its own and one signal from us.
 */
export const become = (command, args, options = {}) => {
  const child = spawn(command, args, { env: environment, stdio: 'inherit', detached: true, ...options })
  let last = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (Date.now() - last > 300) child.kill(signal)
      last = Date.now()
    })
  }
  process.on('SIGWINCH', () => child.kill('SIGWINCH'))
  process.on('exit', () => child.kill('SIGTERM'))
  child.on('error', (error) => {
    process.stderr.write(`${command}: ${error.message}\n`)
    process.exit(127)
  })
  child.on('exit', (code, signal) => process.exit(exitCode(code, signal)))
}
