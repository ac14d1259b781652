/** The first line of an export. */

/** What an export is. */
export const EXPORT_FORMAT = 'fauna-streams export'
/** The version of the format. */
export const EXPORT_VERSION = 1
