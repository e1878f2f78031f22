import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Where the product is, and what comes with it. */
export const productFolders = { root, plans: join(root, 'plans'), profiles: join(root, 'profiles') }
