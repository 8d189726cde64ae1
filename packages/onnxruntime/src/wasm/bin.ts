import { MessageChannel } from 'node:worker_threads'

// To give a buffer away takes some microseconds, which small ones are not worth.
const smallest = 65_536

/**
 * Makes a function that frees buffers which nobody reads any more. The garbage collector would free them late, and would run every
 * few steps on their account.
 */
export const createBin = (): ((buffers: readonly ArrayBuffer[]) => void) => {
  // A closed port takes what is transferred to it and throws it away.
  const { port1 } = new MessageChannel()
  port1.close()
  return (buffers) => {
    const large = buffers.filter(({ byteLength }) => byteLength >= smallest)
    if (large.length > 0) port1.postMessage(undefined, large)
  }
}
