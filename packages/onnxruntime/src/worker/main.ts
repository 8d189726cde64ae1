import { parentPort } from 'node:worker_threads'
import type { StepExecutor } from '../step/executor.ts'
import { fromPlain, toPlain } from '../step/plan.ts'
import type { PlainConstant } from '../step/plan.ts'
import { startPlan } from '../step/start.ts'
import { faultOf } from './faults.ts'
import type { Answer, Question } from './protocol.ts'

const programs = new Map<number, StepExecutor>()

const executorOf = (program: number): StepExecutor => {
  const executor = programs.get(program)
  if (executor === undefined) throw new Error(`program ${program} was never started`)
  return executor
}

const answer = async ({ program, request }: Question): Promise<readonly PlainConstant[]> => {
  switch (request.kind) {
    case 'start':
      programs.set(program, await startPlan(request.plan, request.state.map(fromPlain), request.options))
      return []
    case 'run':
      return (await executorOf(program).run(request.batch.map(fromPlain))).map(toPlain)
    case 'read':
      return (await executorOf(program).read()).map(toPlain)
    case 'write':
      await executorOf(program).write(request.state.map(fromPlain))
      return []
    case 'dispose':
      await executorOf(program).dispose()
      programs.delete(program)
      return []
  }
}

// What was read is a copy, so that its buffers can be given away instead of being copied twice more.
const buffersOf = ({ request }: Question, values: readonly PlainConstant[]): ArrayBuffer[] =>
  request.kind === 'read' ? [...new Set(values.map(({ data }) => data.buffer as ArrayBuffer))] : []

const reply = async (question: Question): Promise<void> => {
  const { id } = question
  try {
    const values = await answer(question)
    parentPort?.postMessage({ id, values } satisfies Answer, buffersOf(question, values))
  } catch (error) {
    parentPort?.postMessage({ id, fault: faultOf(error) } satisfies Answer)
  }
}

// One question at a time, in the order in which they came: the runtime must never be entered twice.
let last: Promise<void> = Promise.resolve()

parentPort?.on('message', (question: Question) => {
  last = last.then(() => reply(question))
})
