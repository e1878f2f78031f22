/** `1.36` of `v1.36.3` */
export function minorOf(version: string): string {
  return version.slice(1).split('.').slice(0, 2).join('.')
}

/** 36 of `v1.36.3`, and of `1.36`; undefined for what is no version of Kubernetes. */
export function minorNumberOf(version: string | undefined): number | undefined {
  const minor = /^v?1\.(\d+)/.exec(version ?? '')?.[1]
  // Digits, by the pattern.
  return minor === undefined ? undefined : Number(minor)
}
