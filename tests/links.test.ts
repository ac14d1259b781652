/** Every link in the pages leads somewhere: to a file that is there, and to a heading in it. Hosts are not asked. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import './support/leaks.ts'
import { listAnchors, listBroken, listTargets } from './support/links.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const docs = readdirSync(join(root, 'docs')).filter(name => name.endsWith('.md'))

for (const page of ['README.md', 'CHANGELOG.md', ...docs.map(name => `docs/${name}`)]) {
  test(`the links of ${page} lead somewhere`, () => assert.deepEqual(listBroken(root, page), []))
}

test('every page of docs/ is linked from the README', () => {
  const targets = listTargets(readFileSync(join(root, 'README.md'), 'utf8')).map(target => target.split('#')[0])
  assert.deepEqual(
    docs.filter(name => !targets.includes(`docs/${name}`)),
    [],
  )
})

test('anchors are those that GitHub makes of headings', () => {
  const markdown =
    '# A `cut`, told\n## What is *new*?\n## What is *new*?\n```sh\n# no heading\n```\n### client.live(expr)\n'
  assert.deepEqual([...listAnchors(markdown)], ['a-cut-told', 'what-is-new', 'what-is-new-1', 'clientliveexpr'])
})

test('a missing file, a missing heading and a missing picture are found; code and other hosts are not links', () => {
  const folder = mkdtempSync(join(tmpdir(), 'links-'))
  try {
    writeFileSync(join(folder, 'other.md'), '## There\n')
    const links = [
      '[a](other.md#there)',
      '[b](other.md#gone)',
      '[c](gone.md)',
      '![d](gone.svg)',
      '[e](#top)',
      '[f](#end)',
    ]
    writeFileSync(join(folder, 'page.md'), `# Top\n${links.join('\n')}\n[g](https://example.org/x) \`[h](i)\`\n`)
    const expected = ['other.md#gone', 'gone.md', 'gone.svg', '#end'].map(target => `page.md: ${target}`)
    assert.deepEqual(listBroken(folder, 'page.md'), expected)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
