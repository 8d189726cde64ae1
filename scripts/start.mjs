// npm start: from a fresh clone to a network that learns to read digits.

import { runExample } from './example.mjs'

await runExample('digits', process.argv.slice(2))
