/** The TypeScript snippets of a page: what each prints by its own word, and the program that it is. */
import assert from 'node:assert/strict'
import { type CodeBlock, listCodeBlocks } from './markdown.ts'

/** What the comment before a snippet says of it: `<!-- test: { "prints": "^one\\n$" } -->`. */
export type Expected = {
  /** A regular expression for all that it prints. */
  readonly prints: string
  /** It goes on for ever: it is run in a process of its own, and stopped when it has printed this. */
  readonly endless?: boolean
  /** It takes over its process, as a test does: it is run in one of its own. */
  readonly alone?: boolean
  /** Its stream is ended by the server once, when it has printed something; nothing is written before. */
  readonly lostOnce?: boolean
}

/** A snippet, and the file that it is written to, below a folder that the test chooses. */
export type Snippet = {
  readonly file: string
  readonly line: number
  /** The line that it is about, for the name of its test. */
  readonly title: string
  readonly expected: Expected
  /** The whole program, against `anyEndpoint`. */
  readonly program: string
}

/** Where a server is in the pages. */
export const anyEndpoint = 'http://localhost:8443'

const preludeOf = (blocks: readonly CodeBlock[]) => blocks.find(({ comment }) => comment === 'prelude')?.text

/** The program that a snippet is: after the lines that its page says it begins with, unless it brings its own client. */
function toProgram(text: string, prelude: string): string {
  return /^const client = | from 'fauna-streams'$/m.test(text) ? text : `${prelude}\n${text}\nawait client.close()\n`
}

function readExpected({ comment, line }: CodeBlock, page: string): Expected {
  assert.match(comment, /^test: /, `the snippet at ${page}:${line} has no comment that says what it prints`)
  return JSON.parse(comment.slice('test: '.length)) as Expected
}

/** The snippets of a page, which is named for its files; one without a prelude has that of the README. */
export function listSnippets(page: string, markdown: string, readme: string): Snippet[] {
  const blocks = listCodeBlocks(markdown)
  const prelude = preludeOf(blocks) ?? preludeOf(listCodeBlocks(readme)) ?? ''
  const snippets = blocks.filter(({ language, comment }) => language === 'ts' && comment !== 'prelude')
  return snippets.map(block => {
    const lines = block.text.split('\n')
    const title = (lines.find(line => /await/.test(line)) ?? lines[0] ?? '').trim()
    const file = `${page.replace(/\W+/g, '-')}-line-${block.line}.mts`
    return {
      file,
      line: block.line,
      title,
      expected: readExpected(block, page),
      program: toProgram(block.text, prelude),
    }
  })
}
