import { createServer } from 'node:https'
import process from 'node:process'
import type { TestCertificates } from '../src/testing/certificates.ts'

// However the bench ends, its server ends with it.
process.once('disconnect', () => process.exit())

/** A server that answers every request with what it was sent, as an apiserver does for a create. */
process.once('message', ({ ca, server }: TestCertificates) => {
  const listener = createServer({ ...server, ca, requestCert: true }, (request, response) => {
    response.writeHead(201, { 'content-type': 'application/json' })
    request.pipe(response)
  })
  listener.listen(0, '127.0.0.1', () => {
    const address = listener.address()
    if (typeof address === 'object' && address !== null) process.send?.(address.port)
  })
})
