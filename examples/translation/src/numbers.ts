const digits = {
  english: ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
  german: ['', 'ein', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun'],
}
const teens = {
  english: ['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
  german: ['zehn', 'elf', 'zwölf', 'drei zehn', 'vier zehn', 'fünf zehn', 'sech zehn', 'sieb zehn', 'acht zehn', 'neun zehn'],
}
const tens = {
  english: ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'],
  german: ['', '', 'zwanzig', 'dreißig', 'vierzig', 'fünfzig', 'sechzig', 'siebzig', 'achtzig', 'neunzig'],
}

const joined = (...parts: readonly (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== '').join(' ')

const belowHundredEnglish = (n: number): string => {
  if (n < 10) return digits.english[n] as string
  if (n < 20) return teens.english[n - 10] as string
  return joined(tens.english[Math.floor(n / 10)], digits.english[n % 10])
}

/** German says the ones before the tens: 27 is seven-and-twenty. */
const belowHundredGerman = (n: number, isLast: boolean): string => {
  if (n === 1) return isLast ? 'eins' : 'ein'
  if (n < 10) return digits.german[n] as string
  if (n < 20) return teens.german[n - 10] as string
  return n % 10 === 0 ? (tens.german[n / 10] as string) : joined(digits.german[n % 10], 'und', tens.german[Math.floor(n / 10)])
}

/** A number from 1 to 999,999 in English words. */
export const english = (n: number): string => {
  const [thousands, hundreds] = [Math.floor(n / 1000), Math.floor((n % 1000) / 100)]
  return joined(
    thousands === 0 ? '' : joined(english(thousands), 'thousand'),
    hundreds === 0 ? '' : joined(digits.english[hundreds], 'hundred'),
    belowHundredEnglish(n % 100),
  )
}

/** The same number in German, its one long word cut into its parts. */
export const german = (n: number, isLast = true): string => {
  const [thousands, hundreds] = [Math.floor(n / 1000), Math.floor((n % 1000) / 100)]
  return joined(
    thousands === 0 ? '' : joined(german(thousands, false), 'tausend'),
    hundreds === 0 ? '' : joined(digits.german[hundreds], 'hundert'),
    belowHundredGerman(n % 100, isLast),
  )
}
