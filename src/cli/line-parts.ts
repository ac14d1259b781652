/** Parts of a line on a terminal: times of day, and texts that fit and do no harm. */

/** The local time of day, to the second. */
export function toTimeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => String(part).padStart(2, '0')).join(':')
}

/** A text in so many letters. Control characters, which could move the cursor of a terminal, are dots. */
export function cut(text: string, room: number): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}]/gu, '·')
  const letters = [...safe]
  return letters.length <= room ? safe : `${letters.slice(0, room - 1).join('')}…`
}
