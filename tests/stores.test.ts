/** The stores of `fauna-streams/stores` keep a cursor whole, whatever happens to the process that saves it. */
import assert from 'node:assert/strict'
import { promises } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { OptionError, StateError } from '../src/index.ts'
import { fileStore, memoryStore } from '../src/stores/index.ts'
import './support/leaks.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stores-'))
})
after(() => rm(folder, { recursive: true }))

let files = 0
/** A path of its own for each test. */
const makePath = () => join(folder, `checkpoint-${files++}`)

const isBadCheckpoint = (error: unknown) => error instanceof StateError && error.code === 'bad_checkpoint'

for (const [name, make] of Object.entries({ memoryStore, fileStore: () => fileStore(makePath()) })) {
  test(`${name} gives nothing before the first save, then what was saved last`, async () => {
    const store = make()
    assert.equal(await store.load(), undefined)
    for (const cursor of ['first', '{"txn":1,"é":"✔ 😀\\n"}', '']) {
      await store.save(cursor)
      assert.equal(await store.load(), cursor)
    }
  })
}

describe('fileStore', () => {
  test('gives the cursor to another store of the same path, and leaves nothing else in the folder', async () => {
    const path = makePath()
    await fileStore(path).save('cursor')
    assert.equal(await fileStore(path).load(), 'cursor')
    const names = await readdir(folder)
    assert.deepEqual(
      names.filter(name => join(folder, name).startsWith(`${path}.`)),
      [],
    )
  })

  test('names the file where the system refuses it, and has its code', async () => {
    const isNamed = (what: string) => (error: NodeJS.ErrnoException) =>
      error.code === 'EISDIR' && error.message.startsWith(`the checkpoint ${folder} cannot be ${what}: EISDIR`)
    await assert.rejects(fileStore(folder).load(), isNamed('read'))
    await assert.rejects(fileStore(folder).save('cursor'), isNamed('written'))
    await rm(`${folder}.tmp`)
  })

  test('refuses a file that was cut, at every byte', async () => {
    const path = makePath()
    await fileStore(path).save('{"txn":1700000000000000,"keys":["é"]}')
    const whole = await readFile(path)
    for (let bytes = 0; bytes < whole.length; bytes++) {
      await writeFile(path, whole.subarray(0, bytes))
      await assert.rejects(fileStore(path).load(), isBadCheckpoint, `cut at byte ${bytes}`)
    }
    await writeFile(path, whole)
    assert.equal(await fileStore(path).load(), '{"txn":1700000000000000,"keys":["é"]}')
  })

  test('refuses a file with one bit turned, wherever it is', async () => {
    const path = makePath()
    await fileStore(path).save('cursor')
    const whole = await readFile(path)
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      await writeFile(path, damaged)
      await assert.rejects(fileStore(path).load(), isBadCheckpoint, `bit ${bit}`)
    }
  })

  test('refuses what is no checkpoint, saying which file and what to do, and leaves it as it is', async () => {
    for (const foreign of ['', '\0\0\0\0', 'text', 'null', '{}', '{"cursor":"cursor"}', '[1]\n']) {
      const path = makePath()
      await writeFile(path, foreign)
      await assert.rejects(fileStore(path).load(), (error: unknown) => {
        assert.ok(isBadCheckpoint(error), foreign)
        const { message } = error as Error
        assert.ok(message.includes(path) && message.includes('delete it to begin anew'), message)
        return true
      })
      assert.equal(await readFile(path, 'utf8'), foreign)
    }
  })

  test('says which folder is missing, when it loads and when it saves', async () => {
    const store = fileStore(join(folder, 'nowhere', 'checkpoint'))
    const isMissingFolder = (error: unknown) =>
      error instanceof OptionError && error.option === 'path' && error.message.includes(join(folder, 'nowhere'))
    await assert.rejects(store.load(), isMissingFolder)
    await assert.rejects(store.save('cursor'), isMissingFolder)
  })

  test('takes a path and nothing else', () => {
    for (const path of ['', undefined, 7]) {
      assert.throws(() => fileStore(path as string), OptionError)
    }
  })

  test('goes on after a save that failed', async t => {
    const store = fileStore(makePath())
    const rename = t.mock.method(promises, 'rename', () => Promise.reject(new Error('no space')))
    await assert.rejects(store.save('lost'), /no space/)
    rename.mock.restore()
    await store.save('kept')
    assert.equal(await store.load(), 'kept')
  })

  test('flushes what it wrote before it renames it, and the folder after', async t => {
    const steps = await watchSteps(t, () => fileStore(makePath()).save('cursor'))
    assert.deepEqual(steps, ['open', 'writeFile', 'sync', 'close', 'rename', 'open', 'sync', 'close'])
  })

  test('of saves called while one runs the last wins, and each resolves when its cursor or a later one is there', async t => {
    const path = makePath()
    const store = fileStore(path)
    const renames = t.mock.method(promises, 'rename')
    const read = async () => (JSON.parse(await readFile(path, 'utf8')) as { cursor: string }).cursor
    const saves = Array.from({ length: 50 }, async (_, i) => {
      await store.save(String(i))
      const there = Number(await read())
      assert.ok(there >= i, `${i} resolved when ${there} was there`)
    })
    await Promise.all(saves)
    assert.equal(await read(), '49')
    assert.equal(renames.mock.callCount(), 1, 'all were called before the first write began')

    const first = store.save('first')
    const begun = new Promise<void>(resolve => {
      const { open } = promises
      t.mock.method(promises, 'open', (...args: Parameters<typeof open>) => {
        resolve()
        return open(...args)
      })
    })
    await begun
    const later = ['second', 'third', 'fourth'].map(cursor => store.save(cursor))
    await first
    assert.equal(await store.load(), 'fourth', 'a load waits for the saves before it')
    await Promise.all(later)
    assert.equal(renames.mock.callCount(), 3, 'what runs, and one for all that came meanwhile')
  })

  test('a crash at any step of a save leaves the old cursor or the new one, and the next save works', async t => {
    const steps = await watchSteps(t, () => fileStore(makePath()).save('cursor'))
    const renamed = steps.indexOf('rename')
    for (const at of steps.keys()) {
      const path = makePath()
      await fileStore(path).save('old')
      await watchSteps(t, () => assert.rejects(fileStore(path).save('new'), /crashed/), at)
      // After a crash nothing is closed or tidied up: a new store finds what is there.
      assert.equal(await fileStore(path).load(), at <= renamed ? 'old' : 'new', `crash at step ${at}, ${steps[at]}`)
      await fileStore(path).save('newest')
      assert.equal(await fileStore(path).load(), 'newest')
    }
  })

  test('a half written draft of another run is no cursor, and in nobody’s way', async () => {
    const path = makePath()
    await writeFile(`${path}.tmp`, '{"format":"fauna-st')
    assert.equal(await fileStore(path).load(), undefined)
    await fileStore(path).save('cursor')
    assert.equal(await fileStore(path).load(), 'cursor')
  })
})

/** Runs with each call to the disk noted, and the one numbered `crashAt` and all after it failing. */
async function watchSteps(t: TestContext, run: () => Promise<void>, crashAt = Infinity): Promise<string[]> {
  const steps: string[] = []
  const step = (name: string) => {
    steps.push(name)
    if (steps.length > crashAt) throw new Error('crashed')
  }
  const { open, rename } = promises
  const opened = t.mock.method(promises, 'open', async (...args: Parameters<typeof open>) => {
    step('open')
    const file = await open(...args)
    for (const name of ['writeFile', 'sync', 'close'] as const) {
      const act = file[name].bind(file) as (...args: unknown[]) => Promise<void>
      t.mock.method(file, name, async (...given: unknown[]) => {
        // The system closes the files of a process that died.
        if (name === 'close') await act()
        step(name)
        if (name !== 'close') await act(...given)
      })
    }
    return file
  })
  const renamed = t.mock.method(promises, 'rename', async (...args: Parameters<typeof rename>) => {
    step('rename')
    await rename(...args)
  })
  await run()
  opened.mock.restore()
  renamed.mock.restore()
  return steps
}
