/** The files of the docs that are made of bench.json. */
import { format } from 'prettier'
import { drawChart, type Report, toMarkdown, toSummary } from './report.ts'

const summary = /(?<=<!-- bench -->\n)[^]*?(?=<!-- \/bench -->)/

/** Each file's path and text; `readme` is README.md as it is, of which only the part between its marks changes. */
export async function makePages(report: Report, readme: string): Promise<Record<string, string>> {
  const table = await format(toSummary(report), { parser: 'markdown', printWidth: 120 })
  if (!summary.test(readme)) throw new Error('README.md has no <!-- bench --> … <!-- /bench -->')
  return {
    'README.md': readme.replace(summary, () => table),
    'docs/bench.svg': drawChart(report),
    'docs/performance.md': await format(toMarkdown(report), { parser: 'markdown', printWidth: 120 }),
  }
}
