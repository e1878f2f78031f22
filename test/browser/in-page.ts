/*
 * What is asked of a page, as scripts that run in it: this project's own types know no browser.
 */

/** Opens everything that is folded. */
export const openFolds = 'for (const details of document.querySelectorAll("details")) details.open = true'

/** What is wider than the page, what does not scroll and is cut off, and labels of charts that are cut off or cover each other: a line each. */
export const overflow = `(() => {
  const most = document.documentElement.clientWidth
  const { scrollWidth } = document.documentElement
  const wide = scrollWidth > most ? ['the page is ' + scrollWidth + ' px wide'] : []
  const cut = [...document.querySelectorAll('header *, nav *, main *, footer *')]
    .filter((element) => element.closest('.scroll') === null && element.closest('svg') === null)
    .filter((element) => element.getBoundingClientRect().right > most + 1)
    .map((element) => element.tagName + '.' + element.className + ': ' + element.textContent.slice(0, 40))
  const labels = [...document.querySelectorAll('svg text')].flatMap((text) => {
    const [own, around] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()]
    const isCut = own.width > 0 && (own.left < around.left - 1 || own.right > around.right + 1 || own.top < around.top - 1)
    return isCut ? ['label is cut: ' + text.textContent] : []
  })
  const covered = [...document.querySelectorAll('svg')].flatMap((svg) => {
    const texts = [...svg.querySelectorAll('text')].map((text) => ({ text: text.textContent, ...text.getBoundingClientRect().toJSON() }))
    return texts.flatMap((one, index) =>
      texts.slice(index + 1).flatMap((other) => {
        const [across, down] = [Math.min(one.right, other.right) - Math.max(one.left, other.left), Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)]
        return one.width > 0 && across > 3 && down > 3 ? ['labels cover each other: ' + one.text + ' | ' + other.text] : []
      }),
    )
  })
  return [...wide, ...cut, ...labels, ...covered]
})()`

/** Tables and charts that stick out of the paper, where nobody can scroll. */
export const cutOnPaper = `[...document.querySelectorAll('table, figure')]
  .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((element) => element.tagName + ': ' + element.textContent.slice(0, 60))`

/** Links within the page that lead nowhere. */
export const deadLinks = `[...document.querySelectorAll('a[href^="#"]')]
  .map((link) => link.hash.slice(1))
  .filter((id) => document.getElementById(id) === null)`

/** Where the lower ends of the first elements that match are, in pixels from the top; null where nothing matches. */
export function lowerEndsOf(selectors: readonly string[]): string {
  return `${JSON.stringify(selectors)}.map((selector) => document.querySelector(selector)?.getBoundingClientRect().bottom ?? null)`
}
