/** Reads what a Markdown file shows: its code blocks and tables, with the comment that stands before them. */

/** A code block: its language, its text, and the comment directly before it. */
export type CodeBlock = {
  readonly language: string
  readonly text: string
  readonly comment: string
  readonly line: number
}

const blockPattern = /(?:^<!-- (.*) -->\n)?^```(\w+)\n([^]*?)^```$/gm

/** The code blocks, in order. */
export function listCodeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(blockPattern)].map(({ 1: comment = '', 2: language = '', 3: text = '', index }) => {
    return { language, text, comment, line: markdown.slice(0, index).split('\n').length }
  })
}

/** The texts in code quotes in the first column of the table whose text begins with `beginning`; its heading is left out. */
export function listFirstColumn(markdown: string, beginning: string): string[] {
  const table = markdown.slice(markdown.indexOf(`\n${beginning}`) + 1).split('\n\n')[0] ?? ''
  const rows = table.split('\n').filter(line => line.startsWith('| `'))
  return rows.map(row => /^\| `([^`]+)`/.exec(row)?.[1] ?? '').filter(name => !name.includes('('))
}
