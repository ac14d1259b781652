/** The table of functions: one for every wire form. A form without one does not compile. */
import type { FormName } from '../../query/forms.ts'
import type { Evaluate } from '../call.ts'
import { collections } from './collections.ts'
import { comparison } from './comparison.ts'
import { containedValues } from './contained-values.ts'
import { control } from './control.ts'
import { conversions } from './conversions.ts'
import { formats } from './formats.ts'
import { identity } from './identity.ts'
import { numbers } from './numbers.ts'
import { pages } from './pages.ts'
import { paths } from './paths.ts'
import { patterns } from './patterns.ts'
import { reads } from './reads.ts'
import { refs } from './refs.ts'
import { setForms } from './set-forms.ts'
import { strings } from './strings.ts'
import { times } from './times.ts'
import { trigonometry } from './trigonometry.ts'
import { typeTests } from './type-tests.ts'
import { writes } from './writes.ts'

/** What each form does. */
export const functions = {
  ...control,
  ...refs,
  ...setForms,
  ...reads,
  ...paths,
  ...containedValues,
  ...pages,
  ...writes,
  ...identity,
  ...comparison,
  ...collections,
  ...strings,
  ...patterns,
  ...formats,
  ...numbers,
  ...trigonometry,
  ...times,
  ...conversions,
  ...typeTests,
} satisfies Record<FormName, Evaluate>
