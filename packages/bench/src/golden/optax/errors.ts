/** A fixture names something that has no counterpart here. */
export class UnknownName extends Error {}

/** A fixture needs something that is left out on purpose. */
export class NotCovered extends Error {}
