import { replayFile } from './replay-file.ts'

// A process of its own: what a native session does to its memory ends with it.
process.on('message', (path: string) => {
  void replayFile(path).then((result) => process.send?.(result))
})
