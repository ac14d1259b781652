/** The codes of the characters that JSON is made of (RFC 8259). */

/** A tab. */
export const TAB = 0x09
/** A line feed. */
export const LF = 0x0a
/** A carriage return. */
export const CR = 0x0d
/** A blank. */
export const SPACE = 0x20
/** `"` */
export const QUOTE = 0x22
/** `,` */
export const COMMA = 0x2c
/** `-` */
export const MINUS = 0x2d
/** `.` */
export const POINT = 0x2e
/** `0` */
export const ZERO = 0x30
/** `9` */
export const NINE = 0x39
/** `:` */
export const COLON = 0x3a
/** `[` */
export const OPEN_ARRAY = 0x5b
/** `\` */
export const BACKSLASH = 0x5c
/** `]` */
export const CLOSE_ARRAY = 0x5d
/** `{` */
export const OPEN_OBJECT = 0x7b
/** `}` */
export const CLOSE_OBJECT = 0x7d
