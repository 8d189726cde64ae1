import { parseHTML } from 'linkedom'

export const palette: readonly [string, string, ...string[]] = ['#3b6fd4', '#d9632b', '#2c8f5e', '#8a55c8', '#b5840f', '#c23b6b']

export const size = { width: 560, height: 300, marginLeft: 56, marginRight: 16, marginBottom: 40 }

/** The plotting library draws into a document; this one needs no browser. */
export const drawn = { document: parseHTML('<!doctype html><html><body></body></html>').document }

export const outer = (element: { readonly outerHTML: string }): string => element.outerHTML

/** The axis of a scale; one over orders of magnitude is labelled without exponents of ten in words. */
export const scaleOf = (type: 'linear' | 'log' = 'linear') => ({ type, ...(type === 'log' ? { tickFormat: '~g' } : {}) })
