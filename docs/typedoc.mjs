// A plugin of typedoc: modules are shown by the name they are imported by, not by their folder.

import { Converter, ReflectionKind } from 'typedoc'

const nameOf = (folder) => `@grad-ts/${folder.replace(/\/src(?=\/|$)/, '')}`

export const load = (app) => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) module.name = nameOf(module.name)
  })
}
