import { describe, expect, test } from 'vitest'
import { proxyInEnvironment, proxyUrl } from './proxy.ts'

const environment = { HTTPS_PROXY: 'http://proxy:3128', HTTP_PROXY: 'plain:3128' }

describe('proxyInEnvironment', () => {
  // What golang.org/x/net/http/httpproxy says to each.
  test.each([
    ['https://api.example.com:6443', '', 'http://proxy:3128/'],
    ['http://api.example.com:8080', '', 'http://plain:3128/'],
    ['https://localhost:6443', '', undefined],
    ['https://127.0.0.1:6443', '', undefined],
    ['https://127.9.9.9', '', undefined],
    ['https://[::1]:6443', '', undefined],
    ['https://api.example.com:6443', 'example.com', undefined],
    ['https://example.com', 'example.com', undefined],
    ['https://notexample.com', 'example.com', 'http://proxy:3128/'],
    ['https://example.com', '.example.com', 'http://proxy:3128/'],
    ['https://api.example.com', '.example.com', undefined],
    ['https://api.example.com', '*.example.com', undefined],
    ['https://example.com', '*.example.com', 'http://proxy:3128/'],
    ['https://API.Example.COM', 'EXAMPLE.com', undefined],
    ['https://api.example.com:6443', 'example.com:6443', undefined],
    ['https://api.example.com:6443', 'example.com:443', 'http://proxy:3128/'],
    ['https://api.example.com', 'example.com:443', undefined],
    ['https://api.example.com', '*', undefined],
    ['https://api.example.com', 'other, * ,x', undefined],
    ['https://10.1.2.3:6443', '10.0.0.0/8', undefined],
    ['https://11.1.2.3:6443', '10.0.0.0/8', 'http://proxy:3128/'],
    ['https://10.1.2.3:6443', '10.1.2.3', undefined],
    ['https://10.1.2.3:6443', '10.1.2.3:6443', undefined],
    ['https://10.1.2.3:6443', '10.1.2.3:443', 'http://proxy:3128/'],
    ['https://10.1.2.3', '10.1.2', 'http://proxy:3128/'],
    ['https://10.1.2.3', '3', 'http://proxy:3128/'],
    ['https://[fd00::1]:6443', 'fd00::/8', undefined],
    ['https://[fd00::1]:6443', 'fd00::1', undefined],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', undefined],
    ['https://[fd00::1]:6443', '[fd00::1]:443', 'http://proxy:3128/'],
    ['https://[fd00::1]:6443', '[fd00::1]', 'http://proxy:3128/'],
    ['https://[fe00::1]:6443', 'fd00::/8', 'http://proxy:3128/'],
    ['https://10.1.2.3', '10.0.0.0/99', 'http://proxy:3128/'],
    ['https://api.example.com', ',,:443,', 'http://proxy:3128/'],
    ['https://api.example.com', 'com', undefined],
    ['https://apicom', 'com', 'http://proxy:3128/'],
    ['https://api.example.com', 'example.com.', 'http://proxy:3128/'],
  ])('should decide as Go does for %s with NO_PROXY="%s"', (server, noProxy, proxy) => {
    expect(proxyInEnvironment(new URL(server), { ...environment, NO_PROXY: noProxy })?.href).toBe(proxy)
  })

  test('should take the names in lower case as well, and those in upper case first', () => {
    const server = new URL('https://api.example.com')
    const hostIn = (env: Record<string, string>) => proxyInEnvironment(server, env)?.host
    expect(hostIn({ https_proxy: 'http://low:1' })).toBe('low:1')
    expect(hostIn({ https_proxy: 'http://low:1', HTTPS_PROXY: 'http://high:1' })).toBe('high:1')
    expect(hostIn({ https_proxy: 'http://low:1', no_proxy: 'example.com' })).toBeUndefined()
    expect(hostIn({ HTTP_PROXY: 'http://high:1', ALL_PROXY: 'http://all:1' })).toBeUndefined()
    expect(hostIn({ HTTPS_PROXY: '' })).toBeUndefined()
  })

  test.each(['ftp://u:canary@proxy', 'http://', 'http://u:canary%@proxy', '://canary'])(
    'should refuse %s without showing it',
    (text) => {
      expect(() => proxyInEnvironment(new URL('https://api.example.com'), { HTTPS_PROXY: text })).toThrow(
        'HTTPS_PROXY is not the URL of a proxy',
      )
    },
  )
})

describe('proxyUrl', () => {
  test.each(['http://proxy:3128', 'https://u:p@proxy', 'socks5://[::1]:1080'])('should take %s', (text) => {
    expect(proxyUrl(text)).toBeInstanceOf(URL)
  })

  test.each(['', 'proxy:3128', 'socks4://proxy', 'http:', 'http://a b', 'http://u%@p'])(
    'should not take "%s"',
    (text) => {
      expect(proxyUrl(text)).toBeUndefined()
    },
  )
})
