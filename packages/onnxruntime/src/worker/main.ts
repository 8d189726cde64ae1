import { parentPort } from 'node:worker_threads'
import { reasonOf } from '../errors.ts'
import type { StepExecutor } from '../step/executor.ts'
import { fromPlain, toPlain } from '../step/plan.ts'
import type { PlainConstant } from '../step/plan.ts'
import { startPlan } from '../step/start.ts'
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
      programs.set(program, await startPlan(request.plan, request.state.map(fromPlain), request.key))
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

const tagOf = (error: unknown): string | undefined => (error instanceof Error && 'tag' in error ? String(error.tag) : undefined)

// One question at a time, in the order in which they came: the runtime must never be entered twice.
let last: Promise<void> = Promise.resolve()

parentPort?.on('message', (question: Question) => {
  last = last.then(async () => {
    const { id } = question
    const reply: Answer = await answer(question).then(
      (values) => ({ id, values }),
      (error: unknown) => ({ id, error: { tag: tagOf(error), reason: reasonOf(error instanceof Error ? (error.cause ?? error) : error) } }),
    )
    parentPort?.postMessage(reply)
  })
})
