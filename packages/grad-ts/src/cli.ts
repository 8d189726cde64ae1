#!/usr/bin/env node
import { doctor } from './doctor.ts'

const usage = 'usage: grad-ts doctor    tells which devices can train on this machine'

const [command] = process.argv.slice(2)

if (command === 'doctor') {
  const { lines, healthy } = await doctor()
  console.log(lines.join('\n'))
  process.exitCode = healthy ? 0 : 1
} else {
  console.error(usage)
  process.exitCode = 2
}
