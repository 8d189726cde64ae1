export { scheduleTable } from './schedules.ts'
export { transformationTable } from './transformations.ts'
