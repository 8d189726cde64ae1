// A plugin of typedoc: modules are shown by the name they are imported by, guides by their first heading.

import { Converter, ReflectionKind } from 'typedoc'

const nameOf = (folder) => `@grad-ts/${folder.replace(/\/src(?=\/|$)/, '')}`

const titleOf = ({ name, content }) => /^# (.+)$/m.exec(content.map(({ text }) => text).join(''))?.[1] ?? name

export const load = (app) => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) module.name = nameOf(module.name)
    for (const guide of project.getReflectionsByKind(ReflectionKind.Document)) guide.name = titleOf(guide)
  })
}
