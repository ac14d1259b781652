/** The types of the package's surface hold what they promise: the compiler is run over tests/support/types-fixture.ts. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import './support/leaks.ts'
import { runProgram, type Finished } from './support/program.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const fixturePath = join(root, 'tests/support/types-fixture.ts')

describe('the types of streams', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'types-'))
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  })
  after(() => rm(folder, { recursive: true }))

  /** Compiles the fixture with the project's own settings, `source` in its place. */
  async function compile(source: string): Promise<Finished> {
    const file = join(folder, 'fixture.mts')
    await writeFile(file, source.replaceAll(`'../../src/`, `'${join(root, 'src')}/`))
    const compilerOptions = {
      typeRoots: [join(root, 'node_modules/@types')],
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
    }
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['fixture.mts'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    return runProgram(join(root, 'node_modules/typescript/bin/tsc'), ['-p', folder])
  }

  test('a stream tells the fields that were asked for and no others, narrows on type, and refuses unknown names', async () => {
    const { code, stdout } = await compile(await readFile(fixturePath, 'utf8'))
    assert.equal(stdout, '')
    assert.equal(code, 0)
  })

  test('an event that holds every field, whatever was asked for, does not compile with the fixture', async () => {
    const fixture = await readFile(fixturePath, 'utf8')
    const loose = fixture.replace('declare const client: Client', 'declare const client: Loose').concat(`
type Loose = Omit<Client, 'stream'> & { stream(expr: unknown, fields?: readonly string[]): EventStream<StreamEvent> }
`)
    const { code, stdout } = await compile(loose)
    assert.notEqual(code, 0)
    assert.match(stdout, /TS2578: Unused '@ts-expect-error' directive/)
  })
})
